"""From counts that run since a daemon started to what was produced in each quarter of an hour. Pure.

A station tells totals, not events, and tells them without a promise of delivery: what one message misses, the next one
brings. A restart begins again at nothing; what was counted between the last message and the restart is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

QUARTER_MS: Final = 900_000
"""Shifts begin on quarters of an hour, and so do time zones: UTC+5:45 is one."""
OVERTAKEN_MS: Final = 10_000
"""A message whose counts are lower than those of one that came this much before is an older one, overtaken."""
_START_SLACK_MS: Final = 90_000
"""How exactly a daemon's start is known: a broker may hand out a state that was told some periods before."""
_MOST_QUARTERS: Final = 31 * 96
"""What was counted in more than this time is told of its last 31 days."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts by verdict."""

    good: int = 0
    defect: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All parts."""
        return self.good + self.defect + self.unknown

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.good + other.good, self.defect + other.defect, self.unknown + other.unknown)

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.good - other.good, self.defect - other.defect, self.unknown - other.unknown)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a point counted since its daemon started.

    at_ms: when the manager heard it; started_ms: when the daemon started; both milliseconds since 1970-01-01 UTC.
    """

    counts: Counts
    at_ms: int
    started_ms: int


@dataclass(frozen=True, slots=True)
class Produced:
    """What was counted between two times, from `from_ms` to `until_ms`."""

    counts: Counts
    from_ms: int
    until_ms: int


def produced(before: Reading | None, now: Reading) -> Produced | None:
    """What a reading adds to the one before it; None for an older message that was overtaken.

    The same three counts are the same message, heard again; a restart that comes to just these is taken for it.
    """
    if before is None:
        return Produced(now.counts, now.started_ms, now.at_ms)
    more = now.counts - before.counts
    if more == Counts():
        return Produced(more, now.at_ms, now.at_ms)
    fell = min(more.good, more.defect, more.unknown) < 0
    if now.started_ms > before.at_ms + _START_SLACK_MS:
        return Produced(now.counts, now.started_ms, now.at_ms)
    if not fell:
        return Produced(more, before.at_ms, now.at_ms)
    if now.at_ms <= before.at_ms + OVERTAKEN_MS:
        return None
    return Produced(now.counts, max(now.started_ms, before.at_ms), now.at_ms)


def by_quarter(made: Produced) -> dict[int, Counts]:
    """What was made in each quarter of an hour, by the quarter's begin in milliseconds since 1970-01-01 UTC.

    Between two messages nobody knows when a part came, so parts are spread evenly. The sum is exact.
    """
    until_ms = max(made.until_ms, 0)
    first = max(made.from_ms, until_ms - _MOST_QUARTERS * QUARTER_MS, 0)
    first = min(first, until_ms)
    length_ms = until_ms - first
    shares: dict[int, Counts] = {}
    told = Counts()
    for begin in range(first // QUARTER_MS * QUARTER_MS, until_ms + 1, QUARTER_MS):
        end = min(begin + QUARTER_MS, until_ms)
        through = _part(made.counts, end - first, length_ms) if length_ms else made.counts
        if (share := through - told).total:
            shares[begin] = share
        told = through
    return shares


def _part(counts: Counts, done_ms: int, of_ms: int) -> Counts:
    return Counts(*(count * done_ms // of_ms for count in (counts.good, counts.defect, counts.unknown)))
