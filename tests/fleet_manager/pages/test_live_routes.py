"""What a browser that listens is told, and for how long; a fake feed stands for the reader of new alerts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from fleet_manager.pages.drawing import Drawing
from fleet_manager.pages.live_feed import News
from fleet_manager.pages.live_routes import AGAIN_S, ALIVE, CHANGED, OPENED, live_routes
from fleet_manager.pages.static_files import StaticFiles
from fleet_manager.pages.viewer import viewer_of
from fleet_manager.pages.visit import Visit
from fleet_manager.people.principal import Kind, Principal
from fleet_manager.people.roles import Grant, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

HALL = (Grant("plant/hall", Role.VIEWER),)


@dataclass
class Place:
    """A browser's place where something new waits at each look, a second after the one before."""

    feed: Feed
    is_let_go: bool = False

    async def take(self, within_s: float) -> News | None:
        self.feed.now_s += within_s
        if not self.feed.sites:
            self.is_let_go = True
            return None
        line = SimpleNamespace(id=len(self.feed.sites), site=self.feed.sites.pop(0), address="x")
        return News((line,), 0, is_cut=False)  # type: ignore[arg-type]


@dataclass
class Feed:
    """sites: of the alerts that come, one each second."""

    sites: list[str]
    now_s: float = 0.0
    is_closed: bool = False

    def is_full(self, account: int | None) -> bool:
        return account != 1

    @asynccontextmanager
    async def watcher(self, account: int | None) -> AsyncIterator[Place]:
        assert account == 1
        yield Place(self)


@dataclass
class Sessions:
    """A reception that knows one person, for so many looks."""

    looks_left: int
    drawing: Drawing = field(default_factory=lambda: Drawing(StaticFiles()))

    def visitor(self, request: Request, form: Mapping[str, str], *, is_use: bool) -> Visit | None:
        assert not is_use
        self.looks_left -= 1
        principal = Principal(Kind.PERSON, "bert", HALL, 1)
        viewer = viewer_of("bert", HALL, "csrf")
        return Visit(request, principal, viewer, "secret", form) if self.looks_left >= 0 else None


def told(feed: Feed, looks: int, query: str = "") -> list[str]:
    """What a browser at `/live/changes` hears until the stream ends."""

    async def whole() -> list[str]:
        sessions: Any = Sessions(looks)
        streams: Any = feed
        route = live_routes(None, sessions, streams, lambda: feed.now_s)[1]  # type: ignore[arg-type]
        scope = {"type": "http", "method": "GET", "headers": [], "query_string": query.encode(), "path": route.path}
        answer = await route.endpoint(Request(scope))
        return [text async for text in answer.body_iterator if text]

    return asyncio.run(whole())


def test_a_stream_ends_with_its_session_however_busy_the_site_is() -> None:
    feed = Feed(["plant/hall"] * 100)
    heard = told(feed, looks=2)
    assert heard.count(CHANGED) == 2 * AGAIN_S - 1
    assert heard.count(ALIVE) == 1
    assert feed.now_s == 2 * AGAIN_S


def test_what_happens_at_other_sites_is_not_told() -> None:
    assert told(Feed(["plant/yard", "plant/hall", "plant/yard"]), looks=9) == [OPENED, CHANGED]


def test_what_happens_to_other_devices_is_not_told() -> None:
    assert told(Feed(["plant/hall"]), looks=9, query="device=y") == [OPENED]
