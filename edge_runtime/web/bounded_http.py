"""uvicorn's HTTP/1.1 with a limit on connections and on silence, so that strangers cannot use up the daemon's files."""

from __future__ import annotations

import asyncio  # noqa: TC003 - uvicorn resolves the annotations

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 30.0
"""From the connection, or the end of the last answer, to the end of the next request's head."""


class BoundedHttp(H11Protocol):
    """Closes at once what comes beyond the limit, and later what says nothing."""

    connections_max = 32
    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_max:
            transport.abort()
            return
        self._wait_for_a_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._heard()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A request whose head is whole ends the silence."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._heard()

    def on_response_complete(self) -> None:
        """From here on the next request is waited for."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._wait_for_a_request()

    def _wait_for_a_request(self) -> None:
        self._heard()
        self._silence = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _heard(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None


def bounded_http(connections_max: int) -> type[asyncio.Protocol]:
    """The protocol class for `uvicorn.Config(http=…)`, for at most so many connections at a time."""
    return type("BoundedHttpOf", (BoundedHttp,), {"connections_max": connections_max})
