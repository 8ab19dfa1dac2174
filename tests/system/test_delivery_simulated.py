"""The whole way from outbox to store in one process, over a wire that loses what it likes.

Real outbox, sender and store; only the network is drawn. Whatever is lost on the wire, however often the manager
forgets and the spool sheds: in the end every sequence is stored or stands in the ledger with its reason.
"""

from __future__ import annotations

import itertools
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_contracts.ack import Ack
from edge_contracts.gap import GapReason
from edge_contracts.verdict import Outcome
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_errors import SpoolRefused
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.go_back_n import ResendRules
from edge_runtime.uplink.sender import Sender
from fleet_manager.arrival import judge
from fleet_manager.store.ledger import ledger
from tests.fakes.letters import ADDRESS, HandClock, alert, counting_noise
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

WHERE = "plant/hall/station-1"
TIGHT = SpoolLimits(410_000, 40_000)
LONG = "x" * 500


class Wire:
    """Publications that came through, in order; `loses` says which do not."""

    def __init__(self, draw: random.Random, loss: float) -> None:
        self._draw, self._loss = draw, loss
        self._mids = itertools.count(1)
        self.through: list[tuple[str, bytes]] = []
        self.total = 0

    def publish(self, topic: str, body: bytes, *, qos: int) -> int:
        assert qos == 1
        self.total += 1
        if self._draw.random() >= self._loss:
            self.through.append((topic, body))
        return next(self._mids)


class World:
    """A station, a wire, a manager; time moves by hand."""

    def __init__(
        self,
        folder: Path,
        limits: SpoolLimits,
        loss: float = 0.0,
        window: int = 8,
        seed: int = 1,
        backlog_per_s: float = 100.0,
    ) -> None:
        self.folder, self.limits, self.clock = folder, limits, HandClock()
        self.draw = random.Random(seed)
        self.wire = Wire(self.draw, loss)
        self.box = Outbox(folder / "spool", ADDRESS, limits, self.clock, window_s=0, noise=counting_noise())
        self.box.start()
        self.store = opened_store(folder / "alerts.sqlite", lambda: self.clock.unix_ms)
        self.rules = ResendRules(window, first_s=2.0, backlog_per_s=backlog_per_s)
        self.sender = Sender(self.box, ADDRESS, "manager", self.rules)
        self.sender.begin()
        self.kept: list[str] = []

    def offer(self, outcome: Outcome = Outcome.DEFECT) -> None:
        data = alert(outcome, LONG)
        try:
            self.box.append(data)
            self.kept.append(data.part)
        except SpoolRefused:
            pass

    def turn(self, loss: float) -> None:
        """Send what may be sent; the manager stores it and answers, unless the answer is lost."""
        self.clock.advance(0.5)
        now_s = self.clock.mono_ms / 1000
        self.sender.pump(self.wire, now_s)  # type: ignore[arg-type]
        batch, self.wire.through = self.wire.through, []
        for mid in range(self.sender.sent + 1):
            self.sender.confirmed(mid, now_s, has_subscriber=True)
        for word in self.store.take([judge(*message) for message in batch]).words:
            if self.draw.random() >= loss:
                self.sender.take_ack(Ack(epoch=word.epoch, seq=word.through).model_dump_json().encode(), now_s)

    def settle(self, loss: float = 0.0) -> None:
        """Turn until everything is acknowledged; a wedged window never gets there."""
        for _ in range(20_000):
            if self.box.freed_through >= self.box.last_seq:
                return
            self.turn(loss)
        raise AssertionError(f"stuck at {self.box.freed_through} of {self.box.last_seq}")

    def forget(self) -> None:
        """The manager is restored from a backup that knows nothing."""
        self.store.close()
        for path in self.folder.glob("alerts.sqlite*"):
            path.unlink()
        self.store = opened_store(self.folder / "alerts.sqlite")

    def stored(self) -> list[int]:
        return [int(seq) for seq in self.told("SELECT seq FROM alerts ORDER BY seq")]

    def told(self, query: str) -> list[Any]:
        """The first column of what the store holds."""
        with self.store.engine.connect() as con:
            return list(con.exec_driver_sql(query).scalars())


@contextmanager
def world(folder: Path, limits: SpoolLimits = TIGHT, **options: float) -> Iterator[World]:
    made = World(folder, limits, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        assert made.box.stop()
        made.store.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000), loss=st.sampled_from([0.0, 0.2, 0.5]), deeds=st.lists(st.integers(0, 3), max_size=12)
)
def test_every_sequence_ends_stored_or_in_the_ledger(
    tmp_path_factory: pytest.TempPathFactory, seed: int, loss: float, deeds: list[int]
) -> None:
    with world(tmp_path_factory.mktemp("world"), loss=loss, seed=seed) as here:
        for deed in deeds:
            if deed == 0:
                here.forget()
            elif deed == 1:
                here.sender.begin()
            elif deed == 2:
                for _ in range(40):
                    here.offer(here.draw.choice([Outcome.DEFECT, Outcome.UNKNOWN]))
            else:
                for _ in range(5):
                    here.turn(loss)
        here.offer()
        here.settle(loss)
        here.offer()
        here.settle(loss)
        (line,) = ledger(here.store.engine)
        (gaps,) = here.told("SELECT count(*) FROM gaps")
        lost = sum(line.lost.values())
        assert line.missing == 0
        assert here.store.through(WHERE, here.box.epoch) == here.box.last_seq
        assert line.stored + gaps + lost == here.box.last_seq
        assert len(set(here.stored())) == len(here.stored())
        if 0 not in deeds:
            assert GapReason.FREED not in line.lost


def test_a_hole_wider_than_the_window_does_not_wedge_the_station(tmp_path: Path) -> None:
    with world(tmp_path, window=4) as here:
        for _ in range(30):
            here.offer(Outcome.UNKNOWN)
        for _ in range(60):
            here.offer(Outcome.DEFECT)
        gap = here.box.read_gaps(1, 1)[0].seq
        first = here.box.read(1, 1)[0].seq
        assert first > 4
        assert gap - first > 4
        here.settle()
        (line,) = ledger(here.store.engine)
        assert line.lost == {GapReason.SHED: first - 1}
        assert here.stored()[0] == first


def test_a_manager_restored_from_a_backup_reads_acknowledged_and_freed(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        for _ in range(10):
            here.offer()
        here.settle()
        here.forget()
        here.offer()
        here.settle()
        (line,) = ledger(here.store.engine)
        assert line.lost == {GapReason.FREED: 10}
        assert line.stored == 1


def test_a_wire_that_loses_half_of_everything_loses_nothing(tmp_path: Path) -> None:
    with world(tmp_path, SpoolLimits(8 << 20, 1 << 20), loss=0.5) as here:
        for _ in range(100):
            here.offer()
        here.settle(0.5)
        assert here.told("SELECT part FROM alerts ORDER BY seq") == here.kept
        assert [line.sentence() for line in ledger(here.store.engine)] == [f"{WHERE}: stored 100, lost: 0"]


def test_after_an_outage_a_new_alert_is_stored_before_the_old_ones_which_keep_their_pace(tmp_path: Path) -> None:
    with world(tmp_path, SpoolLimits(8 << 20, 1 << 20), backlog_per_s=4.0) as here:
        for _ in range(100):
            here.offer()
        here.sender.begin()
        for turns in range(1, 41):
            here.offer()
            here.turn(0.0)
            stored = here.stored()
            assert stored[-1] == here.box.last_seq, "the newest is stored at once"
            old = sum(seq <= 100 for seq in stored)
            assert old <= 8 + turns / 2 * 4.0, "a first window, then four in a second"
        assert here.box.freed_through < 100
        here.settle()
        assert here.stored() == list(range(1, 141))
        assert here.wire.total < 160, "hardly anything was sent twice"
        assert [line.sentence() for line in ledger(here.store.engine)] == [f"{WHERE}: stored 140, lost: 0"]


def test_an_old_row_that_was_never_sent_is_not_freed_by_the_manager_though_newer_ones_were_sent(
    tmp_path: Path,
) -> None:
    with world(tmp_path, SpoolLimits(8 << 20, 1 << 20)) as here:
        for _ in range(20):
            here.offer()
        here.sender.begin()
        here.offer()
        here.sender.pump(here.wire, 1.0)  # type: ignore[arg-type]
        assert len(here.wire.through) == 9
        lie = Ack(epoch=here.box.epoch, seq=21)
        here.sender.take_ack(lie.model_dump_json().encode(), 1.0)
        assert (here.sender.bad_acks, here.box.freed_through) == (1, 0)
        truth = Ack(epoch=here.box.epoch, seq=8)
        here.sender.take_ack(truth.model_dump_json().encode(), 1.0)
        assert here.box.freed_through == 8


def test_lies_about_what_is_stored_free_nothing_and_are_counted(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.offer()
        lies = (
            b"",
            b"{}",
            b"null",
            b"\xff\xfe",
            b'{"epoch": "' + here.box.epoch.encode() + b'", "seq": 99}',
            b'{"epoch": "' + here.box.epoch.encode() + b'", "seq": -1}',
            b'{"epoch": "' + here.box.epoch.encode() + b'", "seq": "1; drop"}',
            b'{"epoch": "ffffffffffffffff", "seq": 1}',
            b"[" * 100_000,
        )
        for lie in lies:
            here.sender.take_ack(lie, 1.0)
        assert here.sender.bad_acks == len(lies)
        assert (here.box.freed_through, here.box.depth().rows) == (0, 1)
