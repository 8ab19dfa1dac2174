"""Streams of server-sent events: new rows for the inbox, and that something changed for the other pages.

A page says which alert it has seen last, so that nothing falls between its making and its listening; a browser that
connects again says it by `Last-Event-ID`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge_contracts.errors import LeptonError
from fleet_manager.pages.alert_reading import alerts_above
from fleet_manager.pages.headers import PAGE_HEADERS, STREAM_HEADERS
from fleet_manager.pages.inbox_page import belongs, wanted
from fleet_manager.pages.live_feed import ROWS_AT_ONCE, News
from fleet_manager.pages.reception import told
from fleet_manager.pages.row_drawing import RowDrawing
from fleet_manager.people.roles import Permission
from fleet_manager.store.database import StoreUnavailable, asking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Engine
    from starlette.requests import Request

    from fleet_manager.desk.inbox import AlertLine
    from fleet_manager.pages.live_feed import LiveFeed
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit

    Teller = Callable[[Visit, News], str]

WAIT_S: Final = 1.0
AGAIN_S: Final = 15.0
"""So often a sign of life is sent and the session is looked at again, however much news there is."""
OPENED: Final = ": live\n\n"
ALIVE: Final = ": still here\n\n"
MORE: Final = "event: more-came\ndata: {}\n\n"
CHANGED: Final = "event: changed\ndata: {}\n\n"
_DIGITS: Final = 16


def live_routes(engine: Engine, reception: Reception, feed: LiveFeed, monotonic_s: Callable[[], float]) -> list[Route]:
    """`/live/alerts` and `/live/changes`; `monotonic_s` are seconds that never go back."""
    streams = _Streams(engine, reception, feed, monotonic_s)
    return [Route("/live/alerts", streams.alerts), Route("/live/changes", streams.changes)]


class _Streams:
    def __init__(self, engine: Engine, reception: Reception, feed: LiveFeed, monotonic_s: Callable[[], float]) -> None:
        self._engine, self._reception, self._feed, self._monotonic_s = engine, reception, feed, monotonic_s
        self._rows = RowDrawing(reception.drawing)

    async def alerts(self, request: Request) -> Response:
        return await self._stream(request, self._rows_told)

    async def changes(self, request: Request) -> Response:
        return await self._stream(request, _change_told)

    async def _stream(self, request: Request, tell: Teller) -> Response:
        try:
            with asking():
                visit = await run_in_threadpool(self._reception.visitor, request, {}, is_use=False)
            if visit is None:
                return Response("log in again", 401, dict(PAGE_HEADERS), "text/plain")
            wanted(visit.query, visit.viewer.sites)
        except StoreUnavailable as err:
            return Response(told(err), 503, {**PAGE_HEADERS, "Retry-After": "10"}, "text/plain")
        except LeptonError as err:
            return Response(str(err), 422, dict(PAGE_HEADERS), "text/plain")
        if self._feed.is_full(visit.principal.account):
            return Response("too many pages watch", 503, {**PAGE_HEADERS, "Retry-After": "10"}, "text/plain")
        events = self._events(visit, tell)
        return StreamingResponse(events, headers=dict(STREAM_HEADERS), media_type="text/event-stream")

    async def _events(self, visit: Visit, tell: Teller) -> AsyncIterator[str]:
        async with self._feed.watcher(visit.principal.account) as watcher:
            yield OPENED
            missed = await run_in_threadpool(self._missed, visit)
            known = {line.id for line in missed.rows}
            yield tell(visit, missed)
            looked_s = self._monotonic_s()
            while not (self._feed.is_closed or watcher.is_let_go):
                news = await watcher.take(WAIT_S)
                if self._monotonic_s() - looked_s >= AGAIN_S:
                    again = await run_in_threadpool(self._reception.visitor, visit.request, {}, is_use=False)
                    if again is None:
                        return
                    visit, looked_s = again, self._monotonic_s()
                    yield ALIVE
                if news is not None:
                    rows = tuple(line for line in news.rows if line.id not in known)
                    yield tell(visit, News(rows, news.floor, news.is_cut))

    def _missed(self, visit: Visit) -> News:
        """What was stored after the alert that the browser saw last."""
        seen = visit.request.headers.get("last-event-id") or visit.query.get("after", "")
        if not (seen.isascii() and seen.isdecimal() and len(seen) <= _DIGITS):
            return News((), 0, is_cut=False)
        rows = alerts_above(self._engine, int(seen), ROWS_AT_ONCE + 1)
        return News(tuple(rows[:ROWS_AT_ONCE]), int(seen), is_cut=len(rows) > ROWS_AT_ONCE)

    def _rows_told(self, visit: Visit, news: News) -> str:
        """The rows that belong into this browser's list, newest first; `id` is from where to go on."""
        asked = wanted(visit.query, visit.viewer.sites)
        mine = [line for line in reversed(news.rows) if belongs(line, asked)]
        drawn = "".join(self._rows.row(line, visit.principal.may(Permission.ACKNOWLEDGE, line.site)) for line in mine)
        text = f"id: {news.floor}\n" if news.floor else ""
        if drawn:
            piece = f'<hx-partial hx-target="#rows" hx-swap="afterbegin">{drawn}</hx-partial>'
            text += "".join(f"data: {line}\n" for line in piece.splitlines())
        return (f"{text}\n" if text else "") + (MORE if news.is_cut else "")


def _change_told(visit: Visit, news: News) -> str:
    """That something of what the page shows is new."""
    device = visit.query.get("device")
    is_mine = any(_concerns(visit, line, device) for line in news.rows)
    return CHANGED if is_mine else ""


def _concerns(visit: Visit, line: AlertLine, device: str | None) -> bool:
    return visit.viewer.sees(line.site) and device in {None, line.address}
