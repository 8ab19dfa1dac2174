from __future__ import annotations

import pytest

from edge_contracts.message import ClockTrust
from fleet_manager.desk.minute_place import ToldMinute, placed
from fleet_manager.desk.running_counts import Counts

NOW_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def told(time_ms: int, clk: ClockTrust = ClockTrust.NTP, stored_ms: int = NOW_MS) -> ToldMinute:
    """A minute whose parts came from one minute to half a minute before it was told, an hour after the start."""
    return ToldMinute(Counts(7), clk, time_ms, HOUR_MS, HOUR_MS - 60_000, HOUR_MS - 30_000, stored_ms)


@pytest.mark.parametrize("zero_ms", [None, NOW_MS - 9 * HOUR_MS])
def test_a_clock_that_ntp_has_set_says_when_a_minute_was_however_late_it_arrives(zero_ms: int | None) -> None:
    made = placed(told(NOW_MS - 5 * HOUR_MS), zero_ms)
    assert (made.from_ms, made.until_ms) == (NOW_MS - 5 * HOUR_MS - 60_000, NOW_MS - 5 * HOUR_MS - 30_000)


@pytest.mark.parametrize("time_ms", [NOW_MS - 3 * DAY_MS, 0, NOW_MS + DAY_MS])
@pytest.mark.parametrize("clk", [ClockTrust.NONE, ClockTrust.FLOOR])
def test_where_nobody_has_set_the_clock_the_time_since_the_start_of_the_board_says_it(
    time_ms: int, clk: ClockTrust
) -> None:
    made = placed(told(time_ms, clk), NOW_MS - 4 * HOUR_MS)
    assert (made.from_ms, made.until_ms) == (NOW_MS - 3 * HOUR_MS - 60_000, NOW_MS - 3 * HOUR_MS - 30_000)


def test_a_board_whose_start_is_not_known_is_believed_while_its_clock_is_near() -> None:
    made = placed(told(NOW_MS - 2 * HOUR_MS, ClockTrust.NONE), None)
    assert made.until_ms == NOW_MS - 2 * HOUR_MS - 30_000
    made = placed(told(0, ClockTrust.NONE), None)
    assert made.until_ms == NOW_MS - 30_000, "of 1970: when it was stored"
