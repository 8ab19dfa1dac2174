"""When a minute was, by the manager's time: from the station's two clocks and how far the one is trusted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.message import ClockTrust
from fleet_manager.desk.followed_alert import AHEAD_BELIEVED_MS, OLDEST_BELIEVED_MS
from fleet_manager.desk.running_counts import Produced

if TYPE_CHECKING:
    from fleet_manager.desk.running_counts import Counts


@dataclass(frozen=True, slots=True)
class ToldMinute:
    """What one point did with one model in one minute.

    time_ms, mono_ms: one moment on the station's wall clock (milliseconds since 1970-01-01 UTC) and on its monotonic
        clock (milliseconds since the board was started).
    from_mono, until_mono: the first and the last verdict on the second of them.
    stored_ms: when the manager stored it.
    """

    counts: Counts
    clk: ClockTrust
    time_ms: int
    mono_ms: int
    from_mono: int
    until_mono: int
    stored_ms: int


def placed(minute: ToldMinute, zero_ms: int | None) -> Produced:
    """The counts of a minute and the time in which they came.

    A wall clock that NTP has set tells it. One that nobody has set may be hours behind after a power cut, so the
    monotonic clock tells it, from when the board was started; where that is not known, the wall clock again, unless it
    is plainly wrong, and then the time of storing.

    Args:
        minute: as the station told it.
        zero_ms: when its board was started, by the manager's clock; None where that is not known.
    """
    late_ms = minute.stored_ms - minute.time_ms
    is_near = -AHEAD_BELIEVED_MS <= late_ms <= OLDEST_BELIEVED_MS
    by_wall_ms = minute.time_ms - minute.mono_ms
    if minute.clk is ClockTrust.NTP and is_near:
        begin_ms = by_wall_ms
    elif zero_ms is not None:
        begin_ms = zero_ms
    else:
        begin_ms = by_wall_ms if is_near else minute.stored_ms - minute.mono_ms
    return Produced(minute.counts, begin_ms + minute.from_mono, begin_ms + minute.until_mono)
