"""What a delivery test needs: clocks that only a test moves, alerts to send, randomness that repeats."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.alert import Alert
from edge_contracts.message import ClockTrust
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

    def now(self) -> Moment:
        return Moment(self.unix_ms, self.mono_ms, ClockTrust.NONE)


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


def letter(outcome: Outcome = Outcome.DEFECT, reason: str = "scratch", noise: bytes = bytes(10)) -> Letter:
    return Letter(alert(outcome, reason), HandClock().now(), noise)
