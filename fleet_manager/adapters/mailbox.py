"""News that wait for a face: the latest word on each subject, so that a slow or absent broker holds nobody up.

What is kept grows with the number of devices, points and alarm types, never with time.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from edge_contracts.device import Status
from fleet_manager.adapters.news import Gone, Said

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.news import News

_Key: TypeAlias = "tuple[DeviceAddress | None, str]"


class Mailbox:
    """One writer or many, one reader; each call returns at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[_Key, News] = {}

    def post(self, news: News) -> None:
        """Put news behind all others; they replace older ones on the same subject."""
        key = _key(news)
        with self._lock:
            if isinstance(news, Gone):
                self._waiting = {k: v for k, v in self._waiting.items() if k[0] != news.device}
            self._waiting.pop(key, None)
            self._waiting[key] = news

    def take(self, most: int) -> list[News]:
        """The oldest of what waits, in order."""
        with self._lock:
            keys = list(islice(self._waiting, most))
            return [self._waiting.pop(key) for key in keys]

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting)


def _key(news: News) -> _Key:
    if isinstance(news, Said):
        return news.device, news.subject
    if isinstance(news, Gone):
        return news.device, "gone"
    return news.device, "unheard" if news.device is None else Status.__name__.lower()
