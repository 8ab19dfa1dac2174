"""Parts that somebody has looked at, small: a person can teach what was seen, also when the line has moved on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_runtime.web.drawing import jpeg

if TYPE_CHECKING:
    from edge_runtime.lessons.lesson import Impression
    from edge_runtime.web.live_view import Pictured

KEPT: Final = 64
SIDE_PX: Final = 320


@dataclass(frozen=True, slots=True)
class Seen:
    """One part. impression: None where nothing can be taught of it. picture: a small JPEG."""

    part: str
    impression: Impression | None
    picture: bytes


class Shown:
    """The last parts whose picture was asked for; used by the page's threads, never by the line's."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, int], Seen] = OrderedDict()
        self._turn = threading.Lock()

    def note(self, point: str, pictured: Pictured) -> None:
        """Keep a part that is being shown."""
        key, inspected = (point, pictured.number), pictured.inspected
        if key in self._seen or inspected.frame is None:
            return
        small = jpeg(inspected.frame.pixels, None, inspected.region, None, SIDE_PX)
        with self._turn:
            self._seen[key] = Seen(inspected.verdict.part, inspected.impression, small)
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)

    def find(self, point: str, number: int) -> Seen | None:
        """The part with that number of its point, None where nobody looked or too many were looked at since."""
        with self._turn:
            return self._seen.get((point, number))
