"""Whether a new configuration does what the old one did. Pure.

A point that gave a good or defect verdict within the proving time before the change must give one within the proving
time after it. What ran free of verdicts before proves nothing; a point that is new or has another name is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class JudgedTimes:
    """When each point last gave a good or defect verdict, as seen by whoever looks often."""

    _counts: dict[str, int] = field(default_factory=dict)
    _at_ns: dict[str, int] = field(default_factory=dict)

    def note(self, counts: Mapping[str, int], now_ns: int) -> None:
        """Look at the counts, which never fall while a point is there."""
        for point, count in counts.items():
            if count > self._counts.get(point, 0):
                self._at_ns[point] = now_ns
            self._counts[point] = count

    def since(self, at_ns: int) -> frozenset[str]:
        """The points that judged a part at that time or later."""
        return frozenset(point for point, last_ns in self._at_ns.items() if last_ns >= at_ns)


@dataclass(frozen=True, slots=True)
class Proving:
    """One proving time.

    began_ns, proving_s: when it began and how long it lasts. must_judge: the points that have to show a verdict.
    """

    began_ns: int
    proving_s: float
    must_judge: frozenset[str]

    def is_over(self, now_ns: int) -> bool:
        """Whether to decide."""
        return now_ns - self.began_ns >= self.proving_s * _NS_PER_S

    def silent(self, times: JudgedTimes) -> list[str]:
        """The points that have not shown what they showed before."""
        return sorted(self.must_judge - times.since(self.began_ns + 1))


def begin(times: JudgedTimes, points: frozenset[str], now_ns: int, proving_s: float) -> Proving:
    """Begin to prove a configuration that has these points and runs since now."""
    before = times.since(now_ns - int(proving_s * _NS_PER_S))
    return Proving(now_ns, proving_s, before & points)
