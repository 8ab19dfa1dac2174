"""Children of a conversion: forks of one process that has loaded what they need.

`forked_children` starts that process, `ForkServer`; inside of it `run_child`, `TrialChild` and their like get forks of
it in milliseconds. What stands alone starts one for itself. The process is `fork_server.py`.

This module loads neither numpy nor a runtime: the server can start before its caller loads them.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _HasDescriptor(Protocol):
    def fileno(self) -> int: ...


T = TypeVar("T", bound=_HasDescriptor)

MOST_BYTES = 1 << 16
"""Of a wish."""

MOST_FILES = 8
"""Of a child, beside its standard error."""

PRELOADED = (
    "converters.load.opening",
    "converters.isolation.trial_child",
    "converters.quantize.observing",
    "converters.gate.peak_memory",
    "converters.doctor.proving",
    "edge_runtime.infer.litert",
    "converters.lower.__main__",
)
"""What most children need, what is needed first at the top."""

PRELOADED_TO_COMPILE = ("converters.isolation.trial_child", "converters.quantize.observing")
"""What the children need that lower and quantise alone; a lowering loads its own while the server loads the rest."""

PRELOADED_FOR_ONNX = ("onnx.checker", "onnx.inliner", "onnx.shape_inference", "edge_runtime.infer.onnx")
"""What their children need besides where the model is an ONNX file."""

CLOSING_S = 5.0
"""The server ends at once when nobody is left to ask it; then it is killed."""

LOST = "the loss of the process that it was forked from"
"""What ended a child of which nothing else is known."""

_STATUS_BYTES = 32

_LAST_WORDS_BYTES = 1 << 16
"""Of what a child writes to standard error so much is looked at; a harmed one may write for ever."""

_GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF})


class ServerLostError(RuntimeError):
    """The server ended before its child: what became of that is not known."""


class ForkedChild:
    """A child, as who asked for it has it.

    Args:
        channel: where the server writes how it ended. That its other end was shut tells the server to end it.
        complaints: its standard error.
        server: the one that forked it.
    """

    def __init__(self, channel: socket.socket, complaints: IO[bytes], server: ForkServer) -> None:
        self._channel = channel
        self._complaints = complaints
        self._server = server

    def wait(self, timeout_s: float | None = None) -> int | None:
        """How it ended.

        Args:
            timeout_s: how long to wait; None for ever.

        Returns:
            As `subprocess` has it: the exit code, or minus the signal that ended it; None where it has not ended.

        Raises:
            ServerLostError: the server has ended, and with it the child.
        """
        if not ready([self._channel], timeout_s):
            return None
        # It stays there to be read, by any thread and any number of times.
        told = self._channel.recv(_STATUS_BYTES, socket.MSG_PEEK)
        if not told:
            raise ServerLostError(LOST)
        return int(told)

    def last_words(self) -> str:
        """The last line that it wrote to standard error; empty where it wrote none."""
        end = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(end - _LAST_WORDS_BYTES, 0))
        lines = self._complaints.read(_LAST_WORDS_BYTES).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def kill(self) -> None:
        """End it, whatever it does; a server that does not do so within `CLOSING_S` is ended, too."""
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        if not ready([self._channel], CLOSING_S):
            self._server.kill()

    def close(self) -> None:
        """End it."""
        self.kill()
        self._channel.close()
        self._complaints.close()


class ForkServer:
    """The server, which loads while its caller goes on.

    Args:
        modules: to be loaded, in this order.
    """

    def __init__(self, modules: Sequence[str] = ()) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._wishes, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "converters.isolation.fork_server", *modules],
                env=environment,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def start(self, module: str, arguments: Sequence[str], files: Sequence[int]) -> ForkedChild:
        """Run `python -m module arguments…` in a fork.

        Args:
            module: an importable module.
            arguments: its command line.
            files: its descriptors 0, 1, and from 3 on; the caller keeps and closes its own copies.

        Raises:
            ServerLostError: the server has ended.
            ValueError: more is wished for than a wish may hold.
        """
        wish = json.dumps({"module": module, "arguments": list(arguments)}).encode()
        if len(wish) > MOST_BYTES or len(files) > MOST_FILES:
            found = f"{len(wish)} and {len(files)}"
            raise ValueError(f"wanted at most {MOST_BYTES} bytes and {MOST_FILES} files in a wish, found {found}")
        with ExitStack() as ends:
            ours, theirs = socket.socketpair()
            ends.enter_context(ours)
            complaints = ends.enter_context(TemporaryFile())
            with theirs:
                self._send(wish, [theirs.fileno(), *files[:2], complaints.fileno(), *files[2:]])
            ends.pop_all()
        return ForkedChild(ours, complaints, self)

    def _send(self, wish: bytes, files: Sequence[int]) -> None:
        try:
            socket.send_fds(self._wishes, [wish], files)
        except OSError as error:
            if error.errno in _GONE:
                raise ServerLostError(LOST) from error
            raise

    def kill(self) -> None:
        """End it and its children, whatever they do."""
        self._process.kill()

    def close(self) -> None:
        """End it, and its children."""
        self._wishes.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()


def ready(streams: Sequence[T], timeout_s: float | None) -> list[T]:
    """Those of some streams that can be read without waiting, after `timeout_s` (None: for ever) at the latest."""
    waiting, by_descriptor = select.poll(), {stream.fileno(): stream for stream in streams}
    for descriptor in by_descriptor:
        waiting.register(descriptor, select.POLLIN)
    return [by_descriptor[found] for found, _ in waiting.poll(None if timeout_s is None else timeout_s * 1000)]


_IN_USE: ContextVar[ForkServer | None] = ContextVar("fork_server", default=None)


@contextmanager
def forked_children(modules: Sequence[str] = PRELOADED) -> Iterator[None]:
    """Until the end of the `with` block, children are forks of its server; that of an outer block serves inner ones.

    Args:
        modules: what the server loads, such as `PRELOADED` with `PRELOADED_FOR_ONNX`.
    """
    if _IN_USE.get() is not None:
        yield
        return
    server = ForkServer(modules)
    token = _IN_USE.set(server)
    try:
        yield
    finally:
        _IN_USE.reset(token)
        server.close()


def server_in_use() -> ForkServer | None:
    """The server of the `with forked_children()` around this call, in this thread."""
    return _IN_USE.get()
