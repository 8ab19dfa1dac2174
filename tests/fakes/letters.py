"""What a delivery test needs: clocks that only a test moves, alerts to send, randomness that repeats."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.alert import Alert
from edge_contracts.message import ClockTrust
from edge_contracts.stats import PointStats, Stats
from edge_contracts.topics import DeviceAddress
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.envelope import Letter

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = DeviceAddress("plant", "hall", "station-1")
_PARTS = itertools.count(1)


@dataclass
class HandClock:
    """All clocks stand still until a test moves them."""

    unix_ms: int = 1_700_000_000_000
    mono_ms: int = 1_000
    trust: ClockTrust = ClockTrust.NONE

    def now(self) -> Moment:
        return Moment(self.unix_ms, self.mono_ms, self.trust)

    def advance(self, seconds: float) -> None:
        self.unix_ms += int(seconds * 1000)
        self.mono_ms += int(seconds * 1000)


def counting_noise(start: int = 1) -> Callable[[int], bytes]:
    """Bytes that never repeat and are the same in every run."""
    numbers = itertools.count(start)
    return lambda length: next(numbers).to_bytes(length, "big")


def alert(outcome: Outcome = Outcome.DEFECT, reason: str = "scratch", part: str | None = None) -> Alert:
    return Alert(
        point="line-1",
        part=part or f"part-{next(_PARTS)}",
        outcome=outcome,
        cause=Cause.THRESHOLD if outcome is Outcome.DEFECT else Cause.DARK,
        reason=reason,
        latency_ms=1.0,
    )


def stats(good: int = 1, until_mono: int = 1_000, boot: str | None = None, **unknown: int) -> Stats:
    """A minute of one point that ended at `until_mono`; unknown parts by cause."""
    point = PointStats(point="line-1", good=good, unknown=unknown)
    return Stats(boot=boot, from_mono=max(0, until_mono - 900), until_mono=until_mono, points=(point,))


def minute_letter(noise: bytes = bytes(10)) -> Letter:
    return Letter(stats(), HandClock().now(), noise)


def letter(outcome: Outcome = Outcome.DEFECT, reason: str = "scratch", noise: bytes = bytes(10)) -> Letter:
    return Letter(alert(outcome, reason), HandClock().now(), noise)
