"""New alerts for everybody who watches: one reader of the database, however many browsers are open.

It reads while somebody watches and rests while nobody does. A browser that does not take what it is given is let go;
it connects again and says what it saw last.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from fleet_manager.pages.frontier import Frontier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from fleet_manager.desk.inbox import AlertLine

LOOK_S: Final = 0.25
ROWS_AT_ONCE: Final = 50
"""Of more new alerts at one look only the newest are handed on, and it is said that more came."""
WAITING_MOST: Final = 16
"""News that wait for one browser, four seconds' worth, before it is let go."""
WATCHERS_MOST: Final = 500
WATCHERS_OF_ONE: Final = 20
"""Browsers of one account: a hall's screens may share one, and nobody takes every place."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """What one look found.

    rows: in rising order of their numbers. floor: nothing below it can still appear. is_cut: there were more.
    """

    rows: tuple[AlertLine, ...]
    floor: int
    is_cut: bool


class AlertSource(Protocol):
    """Where new alerts are read; called in a thread."""

    def newest_numbers(self, above: int) -> list[int]:
        """Numbers of the newest alerts above one."""

    def read(self, numbers: Sequence[int]) -> list[AlertLine]:
        """The alerts of these numbers, in rising order."""


class Watcher:
    """One browser's place: news wait here for it."""

    def __init__(self, account: int | None) -> None:
        self.account = account
        self._news: asyncio.Queue[News] = asyncio.Queue(WAITING_MOST)
        self.is_let_go = False

    def give(self, news: News) -> None:
        """Put news there; a browser that is too slow is let go."""
        try:
            self._news.put_nowait(news)
        except asyncio.QueueFull:
            self.is_let_go = True

    async def take(self, within_s: float) -> News | None:
        """The next news, None when there were none in this time."""
        try:
            return await asyncio.wait_for(self._news.get(), within_s)
        except (asyncio.TimeoutError, TimeoutError):
            return None


class LiveFeed:
    """The one reader.

    Args:
        source: where it reads.
        now_ns: monotonic.
        pause: waits so many seconds: `asyncio.sleep`.
    """

    def __init__(
        self, source: AlertSource, now_ns: Callable[[], int], pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._source, self._now_ns, self._pause = source, now_ns, pause
        self._watchers: set[Watcher] = set()
        self._reader: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self.is_closed = False

    def is_full(self, account: int | None) -> bool:
        """Whether as many browsers watch as may, in all or of an account."""
        of_one = sum(one.account == account for one in self._watchers)
        return len(self._watchers) >= WATCHERS_MOST or of_one >= WATCHERS_OF_ONE

    @asynccontextmanager
    async def watcher(self, account: int | None) -> AsyncIterator[Watcher]:
        """A place for one browser of an account until the end of the block; what is stored from then on comes there.

        Where the last place was taken since `is_full` was asked, the browser is let go at once.
        """
        one = Watcher(account)
        one.is_let_go = self.is_full(account)
        self._watchers.add(one)
        if self._reader is None:
            self._begun.clear()
            self._reader = asyncio.get_running_loop().create_task(self._read(), name="live-feed")
        try:
            await self._begun.wait()
            yield one
        finally:
            self._watchers.discard(one)

    def let_everybody_go(self) -> None:
        """Every browser must connect again."""
        for one in tuple(self._watchers):
            one.is_let_go = True

    def close(self) -> None:
        """Let every browser go, for the manager ends."""
        self.is_closed = True

    async def _read(self) -> None:
        frontier: Frontier | None = None
        while self._watchers and not self.is_closed:
            try:
                if frontier is None:
                    frontier = Frontier(await asyncio.to_thread(self._source.newest_numbers, 0))
                    self._begun.set()
                await self._look(frontier)
            except Exception:  # noqa: BLE001 - whatever the database says, browsers wait for the next look
                _log.exception("the live view could not read new alerts; it tries again")
            await self._pause(LOOK_S)
        self._begun.set()
        self._reader = None

    async def _look(self, frontier: Frontier) -> None:
        numbers = await asyncio.to_thread(self._source.newest_numbers, frontier.floor)
        new = frontier.fresh(numbers, self._now_ns())
        if new:
            rows = await asyncio.to_thread(self._source.read, new[-ROWS_AT_ONCE:])
            news = News(tuple(rows), frontier.floor, len(new) > ROWS_AT_ONCE)
            for watcher in tuple(self._watchers):
                watcher.give(news)
