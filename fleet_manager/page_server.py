"""The server of pages and interface: uvicorn, which also ends when it was asked to before it took the signals over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn import Config, Server

if TYPE_CHECKING:
    import socket

    from fleet_manager.stop_flag import StopFlag


class PageServer(Server):
    """Serves until a signal, or until the flag which took one while the application was still being composed.

    Args:
        config: uvicorn's.
        stop: set by SIGINT and SIGTERM as long as uvicorn has not taken them.
    """

    def __init__(self, config: Config, stop: StopFlag) -> None:
        super().__init__(config)
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors; from here on signals are uvicorn's, so the flag has its last word now."""
        await super().startup(sockets=sockets)
        self.should_exit = self.should_exit or self._stop.is_set()
