"""The thread that serves the page: when it dies it is counted and started anew, and the line hears nothing of it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from edge_runtime.web.low_priority import give_way

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import Web
    from edge_runtime.clock import Clock

_AGAIN_S = 1.0
_AGAIN_MAX_S = 30.0
_BACKLOG = 16
_HEAD_MAX = 16 << 10
_SILENT_S = 10
_log = logging.getLogger(__name__)


class WebServer:
    """Serves in a named thread of low priority.

    Args:
        settings: the `[web]` table.
        build_app: makes the application, once per start of the server.
        clock: monotonic.
    """

    def __init__(self, settings: Web, build_app: Callable[[], Any], clock: Clock) -> None:
        self.crashes = 0
        self._settings = settings
        self._build_app = build_app
        self._clock = clock
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._server: Any = None
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def stopping(self) -> bool:
        """Whether long answers should end."""
        return self._stop.is_set()

    def wait_until_listening(self, timeout_s: float) -> bool:
        """Wait until the port is open; False when it is not after `timeout_s`."""
        return self._listening.wait(timeout_s)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Close what is open and end; False, and a line in the log, when it does not."""
        self._stop.set()
        if (server := self._server) is not None:
            server.should_exit = True
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("the page did not stop within %g s; left behind", timeout_s)
            return False
        return True

    def _run(self) -> None:
        give_way()
        wait_s = _AGAIN_S
        while not self._stop.is_set():
            begun_ns = self._clock.now_ns()
            try:
                self._serve()
            except OSError as error:
                self._count(f"{error}; is another program on port {self._settings.port}?")
            except (Exception, SystemExit) as error:  # noqa: BLE001 - uvicorn leaves by SystemExit; the line goes on
                _log.exception("the page's server failed")
                self._count(f"{type(error).__name__}: {error}")
            wait_s = _AGAIN_S if self._clock.now_ns() - begun_ns > _AGAIN_MAX_S * 1e9 else min(2 * wait_s, _AGAIN_MAX_S)
            self._clock.wait(self._stop, wait_s)

    def _count(self, why: str) -> None:
        self.crashes += 1
        _log.error("the page is not served (%s); tried again, inspection goes on", why)

    def _serve(self) -> None:
        import uvicorn  # noqa: PLC0415 - loaded by this thread, so that the line starts meanwhile

        from edge_runtime.web.bounded_http import bounded_http  # noqa: PLC0415 - the same

        with _listen(self._settings.host, self._settings.port) as listener:
            config = uvicorn.Config(
                self._build_app(),
                http=bounded_http(self._settings.max_connections),
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_SILENT_S,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=_HEAD_MAX,
            )
            self._server = uvicorn.Server(config)
            listener.listen(_BACKLOG)
            self._listening.set()
            _log.info("the page is at http://%s:%d/", self._settings.host, self._settings.port)
            if not self._stop.is_set():
                asyncio.run(self._server.serve(sockets=[listener]))
            self._server = None


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
