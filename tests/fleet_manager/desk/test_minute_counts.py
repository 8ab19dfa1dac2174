"""The minutes that stations told become production, each once, in the quarter of an hour in which it was."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.message import ClockTrust
from edge_runtime.outbox.envelope import Letter, seal
from fleet_manager.arrival import judge
from fleet_manager.desk import minute_counts
from fleet_manager.desk.minute_counts import count_minutes
from fleet_manager.desk.production import Made, Span, production
from fleet_manager.desk.running_counts import QUARTER_MS, Counts
from fleet_manager.desk.station_counts import StationCounts
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import EPOCH
from tests.fakes.desks import NOON_MS, SITE, leave_nothing
from tests.fakes.letters import ADDRESS, HandClock, stats

if TYPE_CHECKING:
    from edge_contracts.stats import Stats
    from fleet_manager.arrival import Arrival
    from tests.fakes.desks import FakeDesk

BOOT = "b0" * 8
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def minute(seq: int, told: Stats, unix_ms: int, clk: ClockTrust = ClockTrust.NTP) -> Arrival:
    """A minute as the broker hands it over, put into the spool at `unix_ms` by the station's clock."""
    moment = HandClock(unix_ms, told.until_mono, clk).now()
    return judge(
        ADDRESS.topic("stats"), seal(Letter(told, moment, seq.to_bytes(10, "big")), ADDRESS.source, EPOCH, seq).body
    )


def birth(mono_ms: int | None = None, *, can: tuple[str, ...] = ("stats",), session: int = 1) -> Arrival:
    texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
    said: dict[str, Any] = {"session": session, "epoch": EPOCH, "ack": "manager", "points": [], "capabilities": can}
    said |= {"boot": BOOT, "mono": mono_ms} if mono_ms is not None else {}
    return judge(ADDRESS.topic("birth"), json.dumps({**said, **texts}).encode())


def hear(desk: FakeDesk, *arrivals: Arrival) -> None:
    taken = AlertStore(desk.engine, lambda: desk.now_ms).take(arrivals)
    assert not taken.refused


def made(desk: FakeDesk, by: Any = "site") -> tuple[Made, ...]:
    with desk.engine.connect() as con:
        return production(con, Span(0, 2 * NOON_MS), by)


def test_a_minute_that_comes_again_is_counted_once(desk: FakeDesk) -> None:
    one = minute(1, stats(good=5, dark=2), NOON_MS)
    hear(desk, one, one)
    assert count_minutes(desk.engine, leave_nothing) == 1
    hear(desk, one)
    assert count_minutes(desk.engine, leave_nothing) == 0
    assert made(desk) == (Made(SITE, Counts(5, 0, 2)),)


def test_minutes_of_an_outage_fall_into_the_quarters_in_which_they_were(desk: FakeDesk) -> None:
    begin_ms = NOON_MS // QUARTER_MS * QUARTER_MS - 8 * QUARTER_MS
    hear(desk, *(minute(n + 1, stats(good=n + 1), begin_ms + n * QUARTER_MS + 60_000) for n in range(8)))
    count_minutes(desk.engine, leave_nothing)
    assert made(desk, "quarter") == tuple(Made(str(begin_ms + n * QUARTER_MS), Counts(n + 1)) for n in range(8))


def test_a_board_that_starts_without_a_clock_in_an_outage_is_placed_by_its_birth(desk: FakeDesk) -> None:
    quarter_ms = NOON_MS // QUARTER_MS * QUARTER_MS
    desk.now_ms = quarter_ms + 2 * QUARTER_MS
    hear(desk, birth(mono_ms=2 * QUARTER_MS + 10_000))
    for seq, until_mono in enumerate((60_000, QUARTER_MS + 60_000), 1):
        told = stats(good=seq, until_mono=until_mono, boot=BOOT)
        hear(desk, minute(seq, told, quarter_ms - 3 * DAY_MS + until_mono, ClockTrust.NONE))
    count_minutes(desk.engine, leave_nothing)
    assert made(desk, "quarter") == (
        Made(str(quarter_ms), Counts(1)),
        Made(str(quarter_ms + QUARTER_MS), Counts(2)),
    )


def test_a_birth_that_a_broker_had_kept_moves_no_minute(desk: FakeDesk) -> None:
    quarter_ms = NOON_MS // QUARTER_MS * QUARTER_MS
    desk.now_ms = quarter_ms
    hear(desk, birth(mono_ms=0))
    desk.now_ms += 5 * HOUR_MS
    hear(desk, birth(mono_ms=0))
    hear(desk, minute(1, stats(boot=BOOT, until_mono=60_000), 0, ClockTrust.NONE))
    count_minutes(desk.engine, leave_nothing)
    assert [one.group for one in made(desk, "quarter")] == [str(quarter_ms)]


def test_a_station_that_tells_minutes_is_counted_by_them_alone(desk: FakeDesk) -> None:
    state = {"time": "2023-11-14T22:13:20Z", "clk": "ntp", "uptime_s": 60, "spool_depth": 0, "spool_age_s": 0}
    point = {"point": "line-1", "last": "good", "good": 9, "defect": 0, "unknown": 0}
    told = judge(ADDRESS.topic("state"), json.dumps({**state, "disk_free_bytes": 1, "points": [point]}).encode())
    hear(desk, birth(), told, minute(1, stats(good=4), NOON_MS))
    StationCounts(desk.engine, leave_nothing).step()
    count_minutes(desk.engine, leave_nothing)
    assert made(desk) == (Made(SITE, Counts(4)),)
    hear(desk, birth(can=(), session=2))
    StationCounts(desk.engine, leave_nothing).step()
    assert made(desk) == (Made(SITE, Counts(4 + 9)),), "a daemon of before counts by its states"


def test_of_two_managers_that_count_at_once_one_counts_each_minute(desk: FakeDesk) -> None:
    hear(desk, *(minute(seq, stats(), NOON_MS + seq * 1_000) for seq in range(1, 101)))

    def count() -> None:
        while count_minutes(desk.engine, leave_nothing, step=7):
            pass

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made(desk) == (Made(SITE, Counts(100)),)


def test_a_count_that_breaks_off_loses_no_minute(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(desk, minute(1, stats(good=5), NOON_MS))

    def fail(*_: object) -> None:
        raise OSError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr(minute_counts, "add_produced", fail)
        with pytest.raises(OSError, match="killed"):
            count_minutes(desk.engine, leave_nothing)
    count_minutes(desk.engine, leave_nothing)
    assert made(desk) == (Made(SITE, Counts(5)),)


def test_a_minute_that_is_no_minute_is_refused_and_takes_its_place(desk: FakeDesk) -> None:
    body = json.loads(minute(1, stats(), NOON_MS).body)
    body["data"]["points"][0]["good"] = -1
    taken = AlertStore(desk.engine, lambda: NOON_MS).take([judge(ADDRESS.topic("stats"), json.dumps(body).encode())])
    assert [word.through for word in taken.words] == [1]
    assert len(taken.refused) == 1
    assert count_minutes(desk.engine, leave_nothing) == 0
