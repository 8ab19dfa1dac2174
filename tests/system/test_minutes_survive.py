"""From the verdict to the production of a quarter of an hour: each part is shown once, or the ledger has its minute."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_delivery_simulated import World, world
from test_uplink import PACE, PATIENCE_S, _Flag, announcements, broker, free_port, wait_for

from edge_contracts.gap import GapEvent, GapReason
from edge_contracts.message import ClockTrust
from edge_contracts.station import Uplink as UplinkSettings
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.clock import MonotonicClock
from edge_runtime.delivery import Delivery
from edge_runtime.minute_book import MinuteBook
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.sender import Sender
from edge_runtime.uplink.uplink import Uplink
from fleet_manager.desk.minute_counts import count_minutes
from fleet_manager.desk.production import Span, production
from fleet_manager.desk.running_counts import QUARTER_MS, Counts
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.ingest import Ingest
from fleet_manager.ingest.watchers import QuietWatcher
from fleet_manager.store.ledger import ledger
from tests.fakes.desks import leave_nothing
from tests.fakes.letters import ADDRESS, HandClock, counting_noise
from tests.fakes.parts import inspected, verdict
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from sqlalchemy import Engine

    from edge_contracts.stats import Stats
    from edge_runtime.outbox.outbox import Receipt

NOW_MS = 1_700_000_100_000 // QUARTER_MS * QUARTER_MS
CAUSES = (Cause.CLEAN, Cause.CLEAN, Cause.THRESHOLD, Cause.DARK)
DEEDS = ("part", "part", "part", "minute", "quarter", "flood", "cut", "kill", "turn", "count")


def made(engine: Engine) -> dict[int, Counts]:
    """Production by quarter, everything that waits counted."""
    while count_minutes(engine, leave_nothing):
        pass
    with engine.connect() as con:
        return {int(one.group): one.counts for one in production(con, Span(0, 2 * NOW_MS), "quarter")}


class Line:
    """A station that inspects in a simulated world, and what a person with a tally sheet would have written down."""

    def __init__(self, here: World) -> None:
        self.here = here
        here.clock.unix_ms, here.clock.trust = NOW_MS, ClockTrust.NTP
        self.book = MinuteBook(here.clock)
        self.open: Counter[int] = Counter()
        self.sheet: Counter[int] = Counter()
        self.offered: list[tuple[Future[Receipt], int, int]] = []
        self.starts = 1

    def part(self) -> None:
        quarter = self.here.clock.unix_ms // QUARTER_MS * QUARTER_MS
        self.book.take(inspected(verdict(self.here.draw.choice(CAUSES)), with_frame=False))
        self.open[quarter] += 1

    def close_minutes(self) -> None:
        for minute in self.book.due():
            self.offer(minute)

    def offer(self, minute: Stats) -> None:
        (quarter,) = self.open
        self.offered.append((self.here.box.offer(minute), quarter, self.open.pop(quarter)))
        self.here.box.next_session()

    def pass_time(self, seconds: float) -> None:
        self.here.clock.advance(seconds)
        self.close_minutes()

    def kill(self) -> None:
        """The minute that has begun is gone; what was offered is on the disk."""
        here = self.here
        assert here.box.stop()
        self.starts += 1
        noise = counting_noise(self.starts * 1_000_000)
        here.box = Outbox(here.folder / "spool", ADDRESS, here.limits, here.clock, window_s=0, noise=noise)
        here.box.start()
        here.sender = Sender(here.box, ADDRESS, "manager", here.rules)
        here.sender.begin()
        self.book = MinuteBook(here.clock)
        self.open.clear()

    def expected(self, shed: set[int]) -> dict[int, int]:
        """Parts per quarter, less those whose minute stands in the ledger."""
        whole: Counter[int] = Counter()
        for future, quarter, parts in self.offered:
            if future.exception(PATIENCE_S) is None and future.result().seq not in shed:
                whole[quarter] += parts
        return dict(+whole)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000), loss=st.sampled_from([0.0, 0.4]), deeds=st.lists(st.sampled_from(DEEDS), max_size=40)
)
@example(seed=1, loss=0.4, deeds=[*["part", "minute"] * 20, "turn", *["part", "quarter"] * 3, "flood", "flood", "kill"])
@example(seed=2, loss=0.0, deeds=["flood", "flood", *["part", "minute"] * 5, "kill", "part", "quarter", "cut", "count"])
def test_what_was_counted_on_the_board_is_shown_or_its_minute_is_in_the_ledger(
    tmp_path_factory: pytest.TempPathFactory, seed: int, loss: float, deeds: list[str]
) -> None:
    with world(tmp_path_factory.mktemp("world"), loss=loss, seed=seed) as here:
        line = Line(here)
        for deed in deeds:
            if deed == "part":
                line.part()
            elif deed in {"minute", "quarter"}:
                line.pass_time(60 if deed == "minute" else 900)
            elif deed == "flood":
                for _ in range(60):
                    here.offer(Outcome.UNKNOWN)
            elif deed == "cut":
                here.sender.begin()
            elif deed == "kill":
                line.kill()
            elif deed == "turn":
                here.turn(loss)
            else:
                count_minutes(here.store.engine, leave_nothing)
        line.pass_time(60)
        here.settle(loss)
        shed = _shed_minutes(here)
        refused = sum(future.exception(PATIENCE_S) is not None for future, _, _ in line.offered)
        assert {quarter: counts.total for quarter, counts in made(here.store.engine).items()} == line.expected(shed)
        (known,) = ledger(here.store.engine) or [None]
        told = known.lost.get(GapReason.STATISTICS, 0) if known else 0
        assert refused <= told == len(shed)


def _shed_minutes(here: World) -> set[int]:
    """Minutes that the ledger names and that had not arrived before they were shed."""
    gaps = [GapEvent.model_validate_json(body).data for body in here.told("SELECT body FROM gaps")]
    minutes = [gap for gap in gaps if gap.why is GapReason.STATISTICS]
    named = {seq for gap in minutes for piece in gap.ranges for seq in range(piece.first, piece.last + 1)}
    return named - set(here.told("SELECT seq FROM places"))


@pytest.mark.system
def test_two_hours_without_a_broker_fall_into_their_own_quarters(tmp_path: Path) -> None:
    port, clock = free_port(), HandClock(NOW_MS, trust=ClockTrust.NTP)
    outbox = Outbox(tmp_path / "spool", ADDRESS, SpoolLimits(8 << 20, 1 << 20), clock, window_s=0)
    outbox.start()
    settings_of = UplinkSettings.model_validate({"host": "127.0.0.1", "port": port})
    uplink = Uplink(outbox, ADDRESS, settings_of, announcements("x"), pace=PACE)
    uplink.start()
    book = MinuteBook(clock)
    delivery = Delivery(outbox, None, MonotonicClock(), minutes=book)
    delivery.start()
    for quarter in range(8):
        for cause in (Cause.CLEAN,) * (quarter + 1) + (Cause.DARK,):
            book.take(inspected(verdict(cause), with_frame=False))
            clock.advance(40)
        clock.advance(900 - 40 * (quarter + 2))
    assert delivery.stop(PATIENCE_S)
    wait_for(lambda: delivery.counts.minutes == outbox.last_seq > 8)
    store = opened_store(tmp_path / "alerts.sqlite", lambda: NOW_MS + 8 * QUARTER_MS)
    try:
        with broker(tmp_path, port=port):
            enough = _Flag()
            watcher = QuietWatcher(lambda _: None, enough.set)
            ingest = Ingest(store, BrokerOptions("127.0.0.1", port, store.client_id), watcher, draw=lambda: 0.1)
            hearing = threading.Thread(target=ingest.run, args=(enough,))
            hearing.start()
            assert outbox.drained(PATIENCE_S)
            enough.set()
            hearing.join(PATIENCE_S)
        assert made(store.engine) == {NOW_MS + n * QUARTER_MS: Counts(n + 1, 0, 1) for n in range(8)}
        assert [line.sentence() for line in ledger(store.engine)] == ["plant/hall/station-1: stored 0, lost: 0"]
    finally:
        store.close()
        assert uplink.stop()
        assert outbox.stop()
