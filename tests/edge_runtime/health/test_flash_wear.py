from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_runtime.conditions import Conditions
from edge_runtime.health.flash_wear import FlashWear
from edge_runtime.outbox.delivery_clock import Moment
from tests.fakes.boards import plant
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S = 3600


class Bench:
    """A process whose writes and hours a test counts."""

    def __init__(self, root: Path, limit_bytes: int = 1000) -> None:
        self.root, self.clock, self.written = root, FakeClock(), 0
        self.conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NONE))
        self.wear = FlashWear(limit_bytes, self.clock, self.conditions, root)

    def write(self, amount: int, *, hours: float = 0.0) -> bool:
        self.written += amount
        self.clock.advance(hours * HOUR_S)
        plant(self.root, {"proc/self/io": f"rchar: 1\nwrite_bytes: {self.written}\ncancelled_write_bytes: 0\n"})
        self.wear.look()
        return self.wear.allows_pictures


def test_pictures_are_given_up_at_the_limit_and_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.write(999)
    assert not bench.write(1)
    assert bench.conditions.active() == (AlarmType.FLASH,)


def test_what_was_written_a_day_ago_counts_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert not bench.write(1000)
    assert [bench.write(10, hours=1) for _ in range(24)][-1] is False
    assert bench.write(10, hours=1)
    assert bench.wear.bytes_in_a_day == pytest.approx(250, abs=10)
    assert bench.conditions.active() == ()


def test_a_long_sleep_forgets_the_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write(1000)
    assert bench.write(5, hours=100)
    assert bench.wear.bytes_in_a_day is not None
    assert bench.wear.bytes_in_a_day <= 5


def test_without_a_limit_it_only_counts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limit_bytes=0)
    assert bench.write(10**12)
    assert bench.wear.bytes_in_a_day == 10**12


def test_where_the_kernel_does_not_count_nothing_is_given_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.wear.look()
    assert bench.wear.allows_pictures
    assert bench.wear.bytes_in_a_day is None


def test_this_process_is_counted() -> None:
    wear = FlashWear(0, FakeClock(), Conditions(lambda: Moment(0, 0, ClockTrust.NONE)))
    wear.look()
    assert wear.bytes_in_a_day is not None
