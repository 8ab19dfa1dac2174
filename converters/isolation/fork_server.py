"""The process that has loaded what the steps of a conversion need, and forks a child for each of them.

A step in a process of its own spends a fifth of a second on starting Python and loading numpy and LiteRT, many a time
more than on its work. The server loads them once, while the converter itself still loads, and a fork of it starts in
milliseconds. It runs no step itself and has one thread beside those of OpenBLAS, which ends them before a fork: nothing
is ever half done then.

A wish is one packet: JSON, with a channel and the child's files beside it. The child lives until it ends or the channel
does; how it ended is written there. What is wished early waits for the first module alone; the others are loaded while
nobody has a child. The callers' half is `forking.py`.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from converters.isolation.forking import MOST_BYTES, MOST_FILES
from edge_runtime.infer.isolated.parent_death import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence

_OUT_OF_THE_WAY = 100
"""Descriptors from here on are none that a child is to find its files at."""


@dataclass(frozen=True, slots=True)
class _Child:
    """ended: the end of a pipe whose other end the child alone has: it can be read when the child has ended."""

    pid: int
    ended: int
    channel: socket.socket


class _Server:
    """Children by the descriptor that tells that they ended, and that which tells that nobody wants them any more."""

    def __init__(self, wishes: socket.socket) -> None:
        self._wishes = wishes
        self._running: dict[int, _Child] = {}
        self._wanted: dict[int, _Child] = {}
        self._waiting = select.poll()
        self._waiting.register(wishes, select.POLLIN)

    def serve(self, later: Sequence[str]) -> NoReturn:
        """Answer until nobody is left to ask."""
        left = list(later)
        while True:
            ready = self._waiting.poll(0 if left and not self._running else None)
            if not ready:
                _load(left.pop(0))
            elif ready[0][0] != self._wishes.fileno():
                self._hear(ready[0][0])
            elif not self._fork():
                self._leave()

    def _fork(self) -> bool:
        """A child for the next wish; whether there was one."""
        wish, files, _, _ = socket.recv_fds(self._wishes, MOST_BYTES, 2 + MOST_FILES)
        if not wish:
            return False
        parent, (ended, lives) = os.getpid(), os.pipe()
        pid = os.fork()
        if not pid:
            self._forget_all()
            os.close(files[0])
            os.close(ended)
            _become(json.loads(wish), files[1:], lives, parent)
        for descriptor in (lives, *files[1:]):
            os.close(descriptor)
        child = _Child(pid, ended, socket.socket(fileno=files[0]))
        self._running[child.ended] = self._wanted[child.channel.fileno()] = child
        for descriptor in (child.ended, child.channel.fileno()):
            self._waiting.register(descriptor, select.POLLIN)
        return True

    def _hear(self, descriptor: int) -> None:
        if descriptor in self._running:
            self._tell(self._running.pop(descriptor))
        else:  # nothing is ever sent there: who has wished for it wants it no more
            child = self._wanted.pop(descriptor)
            self._waiting.unregister(descriptor)
            os.kill(child.pid, signal.SIGKILL)

    def _tell(self, child: _Child) -> None:
        """How it ended, to who still listens."""
        self._waiting.unregister(child.ended)
        if self._wanted.pop(child.channel.fileno(), None):
            self._waiting.unregister(child.channel)
        # One that only closed its end of the pipe was harmed. One that is about to end, ends as it was about to.
        os.kill(child.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        with child.channel, suppress(OSError):
            child.channel.send(str(status).encode())
        os.close(child.ended)

    def _forget_all(self) -> None:
        """In a fork: what is the server's alone."""
        self._wishes.close()
        for child in self._running.values():
            child.channel.close()
            os.close(child.ended)

    def _leave(self) -> NoReturn:
        for child in self._running.values():
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
        os._exit(0)  # there is nothing to put in order, which would take a tenth of a second


def _serve() -> None:
    # An interrupt from the terminal is for the converter, which then closes this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Who is started by a program that ignores the ends of its children would never learn of one.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # From Python 3.12 on: numpy's threads, which OpenBLAS ends before a fork.
    warnings.simplefilter("ignore", DeprecationWarning)
    # Looking for circles takes a tenth of the time of loading, and finds none.
    gc.disable()
    modules = sys.argv[1:]
    for name in modules[:1]:
        _load(name)
    _Server(socket.socket(fileno=0)).serve(modules[1:])


def _load(name: str) -> None:
    """A module that cannot be loaded is the affair of the child that needs it."""
    with suppress(Exception):
        import_module(name)


def _become(wish: dict[str, Any], files: Sequence[int], lives: int, parent: int) -> NoReturn:
    """Turn this fork into the module's own process, which ends here; `lives` stays open as long as it lives."""
    gc.enable()
    die_with_parent()
    if os.getppid() != parent:  # which died before, and kills nobody any more
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _, *moved = (fcntl.fcntl(descriptor, fcntl.F_DUPFD, _OUT_OF_THE_WAY) for descriptor in (lives, *files))
    for descriptor in (lives, *files):
        os.close(descriptor)
    for place, descriptor in enumerate(moved):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.argv = [wish["module"], *wish["arguments"]]
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
