"""The process that has loaded numpy and LiteRT and forks a worker for each model; its argument is a descriptor.

It runs no model and has one thread, so that nothing is ever half done when it forks; a worker is there in milliseconds,
and the workers share what was loaded. A worker that ended stays a zombie until the daemon asks what became of it, so
its process number is never somebody else's.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import warnings
from contextlib import suppress
from importlib import import_module

from edge_runtime.infer.isolated.link import DATAGRAM_MAX
from edge_runtime.infer.isolated.parent_death import die_with_parent
from edge_runtime.infer.isolated.worker import Wish, serve

_LIFE = {"tflite": ("edge_runtime.infer.litert", "edge_runtime.infer.tflite")}
"""What the workers share. Not ONNX Runtime: it starts threads while it loads, and a fork has one."""


def main(descriptor: int) -> None:
    """Fork a worker for each wish until the daemon is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # both are the daemon's, which then closes this
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of numpy's threads, which end before a fork
    daemon = socket.socket(fileno=descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(daemon, DATAGRAM_MAX, 2)
        if not message:
            return
        asked = json.loads(message)
        if "fate" in asked:
            daemon.send(json.dumps(_fate(asked["fate"])).encode())
            continue
        link, model = descriptors
        pid = _fork(daemon, link, model, Wish(**asked["wish"]))
        os.close(link)
        os.close(model)
        daemon.send(json.dumps(pid).encode())


def _fork(daemon: socket.socket, link: int, model: int, wish: Wish) -> int:
    _load_what_is_shared(wish.model_format)
    pid = os.fork()
    if pid:
        return pid
    daemon.close()
    die_with_parent()
    with suppress(OSError):  # the daemon is gone
        serve(socket.socket(fileno=link), model, wish)
    os._exit(0)


def _load_what_is_shared(model_format: str) -> None:
    for name in _LIFE.get(model_format, ()):
        with suppress(ImportError):
            import_module(name)
            return


def _fate(pid: int) -> int:
    """How a worker ended, which it must have: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main(int(sys.argv[1]))
