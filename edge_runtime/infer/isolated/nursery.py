"""The daemon's side of the nursery: asks it for workers, and starts it anew when it is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.isolated.link import DATAGRAM_MAX

if TYPE_CHECKING:
    from edge_runtime.infer.isolated.worker import Wish

_PATIENCE_S = 20.0
"""Loading numpy and LiteRT takes a tenth of a second here, some seconds on a board that boots."""
_FATE_S = 2.0
"""A nursery that has a worker has loaded: what became of it takes milliseconds to say."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One model's process.

    link: the daemon's end.
    generation: of the nursery that forked it; a later one knows nothing of it, and its number may be another's by now.
    """

    pid: int
    link: socket.socket
    generation: int


class Nursery:
    """Makes processes for models; used by any thread.

    Nothing is started before `start` or the first worker. Close it after the last worker.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._generation = 0
        self._is_closed = False

    def start(self) -> None:
        """Start loading; returns at once."""
        with self._turn:
            self._start()

    def fork(self, model: int, wish: Wish) -> Worker:
        """Make a worker, which loads its model while the caller goes on.

        Args:
            model: descriptor of the model's bytes, at its beginning; stays the caller's.
            wish: what to load.

        Raises:
            BackendError: no process can be made.
        """
        try:
            return self._forked(model, wish)
        except (OSError, ValueError) as error:
            raise BackendError(f"wanted a process for the model, found none to be had: {error}") from error

    def end(self, worker: Worker) -> str:
        """Kill a worker and let go of it; how it ended, in words."""
        worker.link.close()
        with self._turn:
            if worker.generation == self._generation and self._line is not None:
                with suppress(OSError, ValueError):
                    os.kill(worker.pid, signal.SIGKILL)
                    return _told(self._ask({"fate": worker.pid}, [], _FATE_S))
        return "was lost together with the process that forked it"

    def close(self) -> None:
        """End the nursery, and with it every worker that is left; nothing is started any more."""
        with self._turn:
            self._is_closed = True
            self._drop()

    def _forked(self, model: int, wish: Wish) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, self._turn:
                self._start()
                pid = self._ask({"wish": asdict(wish)}, [theirs.fileno(), model])
                return Worker(pid, ours, self._generation)
        except BaseException:
            ours.close()
            raise

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        if self._is_closed:
            raise ConnectionError("the nursery is closed")
        self._drop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge_runtime.infer.isolated.nursery_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._line = ours
        self._generation += 1

    def _ask(self, message: dict[str, Any], descriptors: list[int], patience_s: float = _PATIENCE_S) -> int:
        """One question and its answer; a nursery that does not answer is given up."""
        if self._line is None:
            raise ConnectionError("the nursery is closed")
        try:
            self._line.settimeout(patience_s)
            socket.send_fds(self._line, [json.dumps(message).encode()], descriptors)
            answer = self._line.recv(DATAGRAM_MAX)
        except OSError:
            self._drop()
            raise
        if not answer:
            self._drop()
            raise ConnectionError("the nursery has ended")
        return int(json.loads(answer))

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _told(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"died of {signal.Signals(-code).name}"
    except ValueError:
        return f"died of signal {-code}"
