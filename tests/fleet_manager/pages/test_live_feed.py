"""The one reader: a fake source stands for the database, a counted pause for the time between looks."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet_manager.pages.live_feed import ROWS_AT_ONCE, WAITING_MOST, WATCHERS_OF_ONE, LiveFeed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PATIENCE_S = 5.0
MANY = 2000


@dataclass
class Source:
    """Alerts are their own numbers here."""

    numbers: list[int] = field(default_factory=list)
    looks: int = 0
    is_broken: bool = False

    def newest_numbers(self, above: int) -> list[int]:
        self.looks += 1
        if self.is_broken:
            raise OSError("the database is away")
        return sorted((number for number in self.numbers if number > above), reverse=True)

    def read(self, numbers: Sequence[int]) -> list[Any]:
        return list(numbers)


def run(test: Callable[[LiveFeed, Source], Awaitable[None]]) -> None:
    async def whole() -> None:
        source = Source()
        await test(LiveFeed(source, lambda: 0, lambda _seconds: asyncio.sleep(0)), source)

    asyncio.run(asyncio.wait_for(whole(), PATIENCE_S))


def test_each_browser_is_told_and_one_reader_reads_for_all() -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        source.numbers = [1]
        async with feed.watcher(1) as one, feed.watcher(1) as other:
            source.numbers += [2, 3]
            for watcher in (one, other):
                news = await watcher.take(PATIENCE_S)
                assert news is not None
                assert news.rows == (2, 3)
                assert not news.is_cut
            assert len([task for task in asyncio.all_tasks() if task.get_name() == "live-feed"]) == 1

    run(test)


def test_a_browser_that_takes_nothing_is_let_go_and_the_others_go_on() -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        async with feed.watcher(1) as slow, feed.watcher(1) as quick:
            for number in range(1, WAITING_MOST + 2):
                source.numbers.append(number)
                assert await quick.take(PATIENCE_S)
            assert slow.is_let_go
            assert not quick.is_let_go

    run(test)


def test_a_flood_is_cut_to_the_newest_and_says_so() -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        async with feed.watcher(1) as one:
            source.numbers = list(range(1, ROWS_AT_ONCE + 11))
            news = await one.take(PATIENCE_S)
            assert news is not None
            assert news.is_cut
            assert news.rows == tuple(range(11, ROWS_AT_ONCE + 11))

    run(test)


def test_a_database_that_is_away_for_a_while_stops_nothing(caplog) -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        async with feed.watcher(1) as one:
            source.is_broken = True
            looks = source.looks
            for _ in range(MANY):
                await asyncio.sleep(0.001)
                if source.looks >= looks + 3:
                    break
            source.numbers, source.is_broken = [1], False
            news = await one.take(PATIENCE_S)
            assert news is not None
            assert news.rows == (1,)

    run(test)
    assert "tries again" in caplog.text


def test_nobody_reads_while_nobody_watches() -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        async with feed.watcher(1):
            pass
        (reader,) = (task for task in asyncio.all_tasks() if task.get_name() == "live-feed")
        await reader
        looks = source.looks
        for _ in range(10):
            await asyncio.sleep(0)
        assert source.looks == looks
        source.numbers = [1]
        async with feed.watcher(1) as again:
            source.numbers.append(2)
            news = await again.take(PATIENCE_S)
            assert news is not None
            assert news.rows == (2,)

    run(test)


def test_one_account_does_not_take_the_places_of_all() -> None:
    async def test(feed: LiveFeed, source: Source) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(WATCHERS_OF_ONE):
                assert not feed.is_full(1)
                one = await stack.enter_async_context(feed.watcher(1))
                assert not one.is_let_go
            assert feed.is_full(1)
            assert not feed.is_full(2)
            late = await stack.enter_async_context(feed.watcher(1))
            assert late.is_let_go
        assert not feed.is_full(1)
        assert source.numbers == []

    run(test)
