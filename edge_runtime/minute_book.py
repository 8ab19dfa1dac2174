"""What was inspected in each minute, per point and model, for the manager's production counts.

A page is one minute of the board's clock, so that it never lies in two quarters of an hour; it is closed by the first
verdict of another minute, or by whoever asks for what is due. A minute without a verdict has no page. A clock that is
set closes the page too: each page is told with one reading of the clock.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_contracts.stats import POINTS_TOLD, PointStats, Stats
from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_contracts.verdict import Verdict
    from edge_runtime.occasion import Inspected
    from edge_runtime.outbox.delivery_clock import DeliveryClock, Moment

MINUTE_MS: Final = 60_000
_Line = tuple[str, "str | None"]
"""A point and the model that decided."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a point's source had since it was started: pictures or windows, and those that nobody looked at."""

    frames: int = 0
    drops: int = 0

    def since(self, before: Pictures) -> Pictures:
        """What came after `before`; all of it where the source was started anew."""
        if self.frames < before.frames or self.drops < before.drops:
            return self
        return Pictures(self.frames - before.frames, self.drops - before.drops)

    def __add__(self, other: Pictures) -> Pictures:
        return Pictures(self.frames + other.frames, self.drops + other.drops)


@dataclass(slots=True)
class _Page:
    """One minute: `minute` by the wall clock, the rest by the monotonic one; verdicts, and pictures given back."""

    minute: int
    opened_mono: int
    from_mono: int
    until_mono: int
    verdicts: dict[_Line, Counter[str]] = field(default_factory=dict)
    pictures: dict[_Line, Pictures] = field(default_factory=dict)

    def is_over(self, now: Moment) -> bool:
        return now.unix_ms // MINUTE_MS != self.minute or now.mono_ms - self.opened_mono >= MINUTE_MS


class MinuteBook:
    """Told of each verdict; every method may be called from any thread.

    Args:
        clock: all clocks.
        boot: which run of the board the monotonic clock counts from, None where nobody knows.
        pictures: what each point's source had since it was started.
    """

    def __init__(
        self,
        clock: DeliveryClock,
        boot: str | None = None,
        pictures: Callable[[], Mapping[str, Pictures]] = dict,
    ) -> None:
        self._clock, self._boot, self._pictures = clock, boot, pictures
        self._seen = dict(pictures())
        self._page: _Page | None = None
        self._closed: list[Stats] = []
        self._lock = threading.Lock()

    def take(self, inspected: Inspected) -> None:
        """Count a verdict."""
        now, verdict = self._clock.now(), inspected.verdict
        with self._lock:
            page = self._page_of(now)
            page.until_mono = max(page.until_mono, now.mono_ms)
            page.verdicts.setdefault((verdict.point, verdict.model), Counter())[_kind(verdict)] += 1

    def due(self) -> tuple[Stats, ...]:
        """The minutes that are over; each is handed over once."""
        now = self._clock.now()
        with self._lock:
            if self._page is not None and self._page.is_over(now):
                self._close()
            return self._handed_over()

    def last(self) -> tuple[Stats, ...]:
        """The same, with the minute that has only begun."""
        with self._lock:
            self._close()
            return self._handed_over()

    def give_back(self, stats: Stats) -> None:
        """No disk took it: its counts are told with the present minute, as of a longer time."""
        now = self._clock.now()
        with self._lock:
            page = self._page_of(now)
            page.from_mono = min(page.from_mono, stats.from_mono)
            for told in stats.points:
                line = (told.point, told.model)
                counts = Counter({"good": told.good, "defect": told.defect, **told.unknown})
                page.verdicts.setdefault(line, Counter()).update(counts)
                page.pictures[line] = page.pictures.get(line, Pictures()) + Pictures(told.frames, told.drops)

    def _page_of(self, now: Moment) -> _Page:
        if self._page is not None and self._page.is_over(now):
            self._close()
        if self._page is None:
            self._page = _Page(now.unix_ms // MINUTE_MS, now.mono_ms, now.mono_ms, now.mono_ms)
        return self._page

    def _handed_over(self) -> tuple[Stats, ...]:
        closed, self._closed = tuple(self._closed), []
        return closed

    def _close(self) -> None:
        page, self._page = self._page, None
        if page is None:
            return
        told = self._lines(page)
        for begin in range(0, len(told), POINTS_TOLD):
            some = tuple(told[begin : begin + POINTS_TOLD])
            made = Stats(boot=self._boot, from_mono=page.from_mono, until_mono=page.until_mono, points=some)
            self._closed.append(made)

    def _lines(self, page: _Page) -> list[PointStats]:
        """One entry per point and model; what the source had since the point's last page stands in its first."""
        now = self._pictures()
        told: list[PointStats] = []
        for (point, model), counts in page.verdicts.items():
            seen = page.pictures.get((point, model), Pictures())
            if point in now:
                seen += now[point].since(self._seen.get(point, Pictures()))
                self._seen[point] = now[point]
            good, defect = counts.pop("good", 0), counts.pop("defect", 0)
            told.append(
                PointStats(
                    point=point,
                    model=model,
                    good=good,
                    defect=defect,
                    unknown={cause: count for cause, count in counts.items() if count},
                    frames=seen.frames,
                    drops=seen.drops,
                )
            )
        return told


def _kind(verdict: Verdict) -> str:
    return verdict.cause.value if verdict.outcome is Outcome.UNKNOWN else verdict.outcome.value
