"""How many watch at a time: each has a place or is told at once that there is none, and gives it back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette

from edge_runtime.web.live_routes import WATCHERS_MAX, live_routes

SCOPE = {"type": "http", "method": "GET", "path": "/events", "headers": [], "query_string": b"", "root_path": ""}


class QuietDesk:
    """A daemon without points, in which nothing happens."""

    class insight:  # noqa: N801 - a field
        device = "line-1"
        points = alarms = troubles = staticmethod(tuple)

    class live:  # noqa: N801 - a field
        numbers = staticmethod(lambda _: ())

    class clock:  # noqa: N801 - a field
        now_ns = staticmethod(lambda: 0)

    stopping = staticmethod(lambda: False)


class Watcher:
    """A client of the application itself, without a network; its head goes out slowly, as over a busy one."""

    def __init__(self, *, breaks_at_the_head: bool = False) -> None:
        self.status, self.words = 0, b""
        self.has_left, self.has_heard = asyncio.Event(), asyncio.Event()
        self._breaks = breaks_at_the_head

    async def receive(self) -> dict[str, Any]:
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(0)
            if self._breaks:
                raise OSError("the client is gone")
            self.status = message["status"]
        self.words += message.get("body", b"")
        if self.words:
            self.has_heard.set()

    def watch(self, app: Any) -> asyncio.Task[None]:
        return asyncio.create_task(app(SCOPE, self.receive, self.send))


def quiet_app() -> Starlette:
    desk: Any = QuietDesk()
    return Starlette(routes=live_routes(desk))


def test_of_many_who_come_at_once_each_hears_a_word_or_that_there_is_no_place() -> None:
    async def scene() -> list[int]:
        app, crowd = quiet_app(), [Watcher() for _ in range(WATCHERS_MAX + 6)]
        tasks = [one.watch(app) for one in crowd]
        await asyncio.wait_for(asyncio.gather(*(one.has_heard.wait() for one in crowd)), 10)
        for one in crowd:
            one.has_left.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return [one.status for one in crowd]

    statuses = asyncio.run(scene())
    assert sorted(statuses) == [200] * WATCHERS_MAX + [503] * 6


@pytest.mark.parametrize("breaks_at_the_head", [False, True])
def test_whoever_leaves_gives_the_place_back(*, breaks_at_the_head: bool) -> None:
    async def scene() -> int:
        app = quiet_app()
        for _ in range(WATCHERS_MAX + 1):
            one = Watcher(breaks_at_the_head=breaks_at_the_head)
            one.has_left.set()
            await asyncio.gather(one.watch(app), return_exceptions=True)
        last = Watcher()
        task = last.watch(app)
        await asyncio.wait_for(last.has_heard.wait(), 10)
        last.has_left.set()
        await asyncio.wait_for(task, 10)
        return last.status

    assert asyncio.run(scene()) == 200
