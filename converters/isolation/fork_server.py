"""A process that has loaded what the steps of a conversion need, and forks a child for each of them.

A step in a process of its own spends a fifth of a second on starting Python and loading numpy and LiteRT, many a time
more than on its work. The server loads them once, while the converter itself still loads, and a fork of it starts in
milliseconds. It runs no step itself and has one thread, so that nothing is ever half done when it forks.

This module is the server, too: it reads a request per line and answers each when the child has ended. A request that
comes early waits for the first module alone; the others are loaded while nobody asks.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import signal
import subprocess
import sys
import traceback
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

from edge_runtime.infer.isolated.parent_death import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PRELOADED = (
    "converters.load.opening",
    "converters.gate.peak_memory",
    "converters.doctor.proving",
    "edge_runtime.infer.litert",
    "converters.lower.__main__",
)
"""What most children need, what is needed first at the top."""

PRELOADED_FOR_ONNX = ("onnx.checker", "onnx.inliner", "onnx.shape_inference", "edge_runtime.infer.onnx")
"""What their children need besides where the model is an ONNX file."""

LATE_S = 60.0
"""How long the server may need beside the child's own time, above all to load."""

CLOSING_S = 5.0
"""The server ends at once when nobody is left to ask it; then it is killed."""

_COMPLAINTS = "complaints.txt"


class ForkServer:
    """A server, which loads while its caller goes on. Use `forked_children`."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        self._asking = Lock()
        self._is_asked = False
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "converters.isolation.fork_server", *more],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def close(self) -> None:
        """End it, and the child that may run."""
        try:
            self._process.communicate(timeout=CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def run(self, module: str, home: Path, limit_bytes: int, timeout_s: float) -> tuple[int | None, str]:
        """Run `python -m module home limit_bytes` in a fork, and wait.

        Returns:
            As `subprocess` has it: the exit code, or minus the signal that ended it, None where it was killed after
            `timeout_s`; and what it wrote to standard error.

        Raises:
            ServerLostError: the server itself ended, does not answer, or owes the answer to an interrupted wish; what
                became of the child is not known.
        """
        wish = {"module": module, "home": str(home), "limit": limit_bytes, "timeout_s": timeout_s}
        try:
            # The server reads one wish at a time: what comes while a child runs, it takes for the end.
            with self._asking:
                line = self._answer(json.dumps(wish) + "\n", timeout_s + LATE_S)
        except OSError as error:
            raise ServerLostError(f"the server that forks children is gone: {error}") from error
        if not line:
            raise ServerLostError(f"the server that forks children ended with {self._process.wait()}")
        complaints = home / _COMPLAINTS
        return json.loads(line)["status"], complaints.read_text("utf-8", "replace") if complaints.exists() else ""

    def _answer(self, wish: str, deadline_s: float) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise ServerLostError("the server has no pipes")
        if self._is_asked:  # and nobody waited, as after an interrupt: this wish would get that one's answer
            raise ServerLostError("the server that forks children still owes an answer")
        self._is_asked = True
        self._process.stdin.write(wish)
        self._process.stdin.flush()
        # One line per wish: nothing of it can lie in a buffer already.
        if not select.select([self._process.stdout], [], [], deadline_s)[0]:
            self._process.kill()
            raise ServerLostError(f"the server that forks children did not answer within {deadline_s:.0f} s")
        line = self._process.stdout.readline()
        self._is_asked = False
        return line


class ServerLostError(RuntimeError):
    """A server ended, or fell silent, while it was needed."""


_IN_USE: ContextVar[ForkServer | None] = ContextVar("fork_server", default=None)


@contextmanager
def forked_children(more: Sequence[str] = ()) -> Iterator[None]:
    """Until the end of the `with` block, `run_child` forks; the server of an outer block serves an inner one, too.

    Args:
        more: modules to load besides `PRELOADED`, such as `PRELOADED_FOR_ONNX`.
    """
    if _IN_USE.get() is not None:
        yield
        return
    server = ForkServer(more)
    token = _IN_USE.set(server)
    try:
        yield
    finally:
        _IN_USE.reset(token)
        server.close()


def server_in_use() -> ForkServer | None:
    """The server of the `with forked_children()` around this call, in this thread."""
    return _IN_USE.get()


def _serve() -> None:
    """Answer requests until nobody is left to ask."""
    # An interrupt from the terminal is for the converter, which then closes this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # From Python 3.12 on: numpy's threads, which OpenBLAS ends before a fork.
    warnings.simplefilter("ignore", DeprecationWarning)
    first, *later = (*PRELOADED, *sys.argv[1:])
    import_module(first)
    for line in _wishes(later):
        sys.stdout.write(json.dumps({"status": _child_of(json.loads(line))}) + "\n")
        sys.stdout.flush()
    os._exit(0)  # there is nothing to put in order, which would take a tenth of a second


def _wishes(later: Iterable[str]) -> Iterator[str]:
    """What is asked, a line each; the modules are imported while there is nothing."""
    for name in later:
        while select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            yield line
        import_module(name)
    yield from sys.stdin


def _child_of(wish: dict[str, Any]) -> int | None:
    child = os.fork()
    if not child:
        _become(wish)
    watched = os.pidfd_open(child)
    waiting = select.poll()
    for stream in (watched, sys.stdin.fileno()):
        waiting.register(stream, select.POLLIN)
    ready = {stream for stream, _ in waiting.poll(wish["timeout_s"] * 1000)}
    os.close(watched)
    if watched not in ready:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # While a child runs nothing is asked, so what can be read is the end.
    if not ready or watched in ready:
        return status if ready else None
    sys.exit()


def _become(wish: dict[str, Any]) -> NoReturn:
    """Turn this fork into the module's own process, which ends here."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    complaints = os.open(Path(wish["home"], _COMPLAINTS), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, stream in enumerate((nothing, nothing, complaints)):
        os.dup2(stream, target)
    sys.argv = [wish["module"], wish["home"], str(wish["limit"])]
    warnings.simplefilter("ignore", RuntimeWarning)  # runpy's: the module is loaded already, which is the point
    status = 1
    try:
        runpy.run_module(wish["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - what Python does with an error that nobody catches
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
