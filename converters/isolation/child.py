"""A step of the conversion in a process of its own, with an end to its memory and its time.

Native code that is handed a foreign model may end the process that called it, may never return, or may ask for more
memory than there is. `run_child` starts a module of this program that does the step, and says in a sentence what became
of it; `started_child` lets the caller load what it needs next meanwhile. The module hands its work to `serve`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from converters.isolation.forking import LOST, ForkedChild, ForkServer, ServerLostError, server_in_use
from converters.isolation.memory_limit import limit_bytes, limit_memory
from edge_contracts.errors import BadInputError, LeptonError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TIMEOUT_S = 300.0
"""How long a step may take: lowering the largest topology in use (574 MB of weights) takes a minute."""

_REFUSAL = "refusal.json"


def run_child(
    module: str,
    home: Path,
    model_bytes: int,
    timeout_s: float = TIMEOUT_S,
    kinds: Sequence[type[LeptonError]] = (MissingExtraError, BadInputError),
) -> str | None:
    """Run `python -m module home limit` in a fork, of the server of `forked_children` or of one for it alone, and wait.

    Args:
        module: an importable module that works in the folder it is given.
        home: that folder.
        model_bytes: the size of the foreign file; decides the limit of the child's address space.
        timeout_s: when it is killed.
        kinds: the errors with which it may refuse the model, raised here as they were raised there.

    Returns:
        None where it ended well, else how it ended, as a clause: "it ended with SIGSEGV".

    Raises:
        LeptonError: of one of `kinds`; the child refused the model.
    """
    with started_child(module, home, model_bytes, timeout_s, kinds) as ending:
        return ending()


@contextmanager
def started_child(
    module: str,
    home: Path,
    model_bytes: int,
    timeout_s: float = TIMEOUT_S,
    kinds: Sequence[type[LeptonError]] = (MissingExtraError, BadInputError),
) -> Iterator[Callable[[], str | None]]:
    """`run_child` in two halves: it starts now, and ends with the `with` block at the latest.

    The arguments are those of `run_child`; the time that a child has counts from when it is waited for.

    Yields:
        What waits for it, and gives and raises what `run_child` does.
    """
    arguments = [str(home), str(limit_bytes(model_bytes))]
    with ExitStack() as ends:

        def started(server: ForkServer | None) -> ForkedChild:
            server = server or ends.enter_context(closing(ForkServer()))
            with Path(os.devnull).open("r+b") as nothing:
                return ends.enter_context(closing(server.start(module, arguments, [nothing.fileno()] * 2)))

        def ending() -> str | None:
            # A server may have been killed, for want of memory, say: then nothing is known of its child.
            for first in (child, None):
                with suppress(ServerLostError):
                    attempt = first or started(None)
                    return _ending(attempt.wait(timeout_s), attempt.last_words(), home, timeout_s, kinds)
            return f"it ended with {LOST}"

        child = None
        with suppress(ServerLostError):
            child = started(server_in_use())
        yield ending


def _ending(
    status: int | None, complaint: str, home: Path, timeout_s: float, kinds: Sequence[type[LeptonError]]
) -> str | None:
    if status is None:
        return f"it did not end within {timeout_s:.0f} s"
    _raise_refusal(home, kinds)
    if status < 0:
        return f"it ended with {_signal_name(-status)}"
    return f"it ended with exit code {status}: {complaint or 'no message'}" if status else None


def serve(work: Callable[[Path], None]) -> None:
    """The whole of a child: read folder and limit from the command line, work under the limit, tell of a refusal."""
    home = Path(sys.argv[1])
    limit_memory(int(sys.argv[2]))
    try:
        work(home)
    except LeptonError as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        (home / _REFUSAL).write_text(json.dumps({"kinds": kinds, "sentence": str(error)}), "utf-8")


def _raise_refusal(home: Path, kinds: Sequence[type[LeptonError]]) -> None:
    if (home / _REFUSAL).exists():
        refusal = json.loads((home / _REFUSAL).read_text("utf-8"))
        known = {kind.__name__: kind for kind in kinds}
        raise next((known[name] for name in refusal["kinds"] if name in known), BadInputError)(refusal["sentence"])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
