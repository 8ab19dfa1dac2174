"""What is sent, and when to look again, where the highest places of the spool have no row."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from edge_contracts.ack import Ack
from edge_contracts.gap import GapEvent, GapReason
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_errors import SpoolRefused
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.go_back_n import ResendRules
from edge_runtime.uplink.sender import Sender
from tests.fakes.letters import ADDRESS, HandClock, alert, counting_noise, stats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 10.0
LONGEST_S = 60.0
RULES = ResendRules(window=4, first_s=2.0)


class Wire:
    """Takes everything and numbers it."""

    def __init__(self) -> None:
        self._mids = itertools.count(1)
        self.unconfirmed: list[int] = []
        self.leaves: list[str] = []

    def publish(self, topic: str, body: bytes, *, qos: int) -> int:
        assert body
        assert qos == 1
        self.leaves.append(topic.rpartition("/")[2])
        self.unconfirmed.append(next(self._mids))
        return self.unconfirmed[-1]


@contextmanager
def sending(folder: Path, ack: Literal["manager", "broker"]) -> Iterator[tuple[Outbox, Sender, Wire]]:
    limits = SpoolLimits(8 << 20, 1 << 20)
    box = Outbox(folder / "s", ADDRESS, limits, HandClock(), window_s=0.0, noise=counting_noise())
    box.start()
    sender = Sender(box, ADDRESS, ack, RULES)
    sender.begin()
    try:
        yield box, sender, Wire()
    finally:
        assert box.stop()


def leave_the_top_without_a_row(box: Outbox) -> None:
    """Alerts, a gap, and then losses that extend the gap: the places above the gap have no row of their own."""
    for _ in range(2):
        lose_one(box)
        box.append(alert())
    lose_one(box)
    box._spool.file._con.execute("PRAGMA query_only = OFF")
    box.next_session()
    assert box.last_seq > box._spool.file._con.execute("SELECT max(seq) FROM rows").fetchone()[0]


def lose_one(box: Outbox) -> None:
    box._spool.file._con.execute("PRAGMA query_only = ON")
    with pytest.raises(SpoolRefused):
        box.append(alert())
    box._spool.file._con.execute("PRAGMA query_only = OFF")


def test_a_top_without_a_row_does_not_keep_the_uplink_busy(tmp_path: Path) -> None:
    with sending(tmp_path, "manager") as (box, sender, wire):
        leave_the_top_without_a_row(box)
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        assert sorted(wire.leaves) == ["alert", "alert", "gap"]
        assert sender.wait_s(1.0, LONGEST_S) == RULES.first_s
        sender.take_ack(Ack(epoch=box.epoch, seq=box.last_seq).model_dump_json().encode(), 1.5)
        assert box.drained(PATIENCE_S)
        assert sender.wait_s(1.5, LONGEST_S) == LONGEST_S


def test_what_a_confirmed_gap_covers_counts_as_confirmed(tmp_path: Path) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        leave_the_top_without_a_row(box)
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        *first, last = wire.unconfirmed
        for mid in first:
            sender.confirmed(mid, 1.1, has_subscriber=True)
        assert not box.drained(0.0)
        sender.confirmed(last, 1.2, has_subscriber=True)
        assert box.drained(PATIENCE_S)
        assert box.freed_through == box.last_seq
        assert sender.wait_s(1.2, LONGEST_S) == LONGEST_S


def test_a_top_without_a_row_that_is_found_after_the_last_confirmation_is_freed_too(tmp_path: Path) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        leave_the_top_without_a_row(box)
        rows = box.read(1, 10)
        box.acknowledge(Ack(epoch=box.epoch, seq=rows[-1].seq))
        sender.begin()
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        assert wire.leaves == []
        assert box.drained(PATIENCE_S)


def test_a_full_window_still_leaves_the_rest_for_later(tmp_path: Path) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        for _ in range(10):
            box.append(alert())
        for step in range(30):
            sender.pump(wire, 1.0 + step / 10)  # type: ignore[arg-type]
            assert len(wire.unconfirmed) <= RULES.window
            if wire.unconfirmed:
                sender.confirmed(wire.unconfirmed.pop(0), 1.0 + step / 10, has_subscriber=True)
        assert wire.leaves == ["alert"] * 10
        assert box.drained(PATIENCE_S)


def test_what_the_broker_took_for_nobody_stays_until_somebody_has_subscribed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        box.append(alert())
        box.append(alert())
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        first, second = wire.unconfirmed
        sender.confirmed(first, 1.1, has_subscriber=False)
        sender.confirmed(second, 1.1, has_subscriber=True)
        assert (box.freed_through, sender.unheard) == (0, 1)
        assert "wanted a subscriber to lepton/1/plant/hall/station-1/alert" in caplog.text
        sender.pump(wire, 2.0)  # type: ignore[arg-type]
        assert len(wire.leaves) == 2, "it is not asked again at once"
        sender.pump(wire, 1.0 + RULES.first_s)  # type: ignore[arg-type]
        for mid in wire.unconfirmed[2:]:
            sender.confirmed(mid, 3.1, has_subscriber=True)
        assert box.drained(PATIENCE_S)


def test_what_nobody_has_subscribed_to_is_sent_more_and_more_rarely(tmp_path: Path) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        box.append(alert())
        tried: list[int] = []
        for now_s in range(100):
            sender.pump(wire, float(now_s))  # type: ignore[arg-type]
            if wire.unconfirmed:
                tried.append(now_s)
                sender.confirmed(wire.unconfirmed.pop(), float(now_s), has_subscriber=False)
        assert tried == [0, 2, 6, 14, 30, 62]


def test_a_minute_that_nobody_has_subscribed_to_keeps_no_alert_back(tmp_path: Path) -> None:
    with sending(tmp_path, "broker") as (box, sender, wire):
        box.offer(stats()).result(PATIENCE_S)
        box.append(alert())
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        assert wire.leaves == ["stats", "alert"]
        for mid, leaf in zip(wire.unconfirmed, wire.leaves, strict=True):
            sender.confirmed(mid, 1.1, has_subscriber=leaf == "alert")
        assert box.drained(PATIENCE_S)


def test_to_a_manager_it_is_all_the_same_who_else_has_subscribed(tmp_path: Path) -> None:
    with sending(tmp_path, "manager") as (box, sender, wire):
        box.append(alert())
        sender.pump(wire, 1.0)  # type: ignore[arg-type]
        sender.confirmed(wire.unconfirmed[0], 1.1, has_subscriber=False)
        sender.take_ack(word(box, 1), 1.2)
        assert box.drained(PATIENCE_S)
        assert sender.unheard == 0


def test_a_station_with_nothing_to_send_tells_a_restored_manager_what_it_has_freed(tmp_path: Path) -> None:
    with sending(tmp_path, "manager") as (box, sender, wire):
        for _ in range(3):
            box.append(alert())
        sender.pump(wire, 0.0)
        sender.take_ack(word(box, 3), 1.0)
        assert not sender.wants_announcement(60.0), "all is well"
        sender.take_ack(word(box, 1), 60.0)
        assert not sender.wants_announcement(60.5), "a low word may only be late"
        assert sender.wants_announcement(62.0)
        assert not sender.wants_announcement(63.0), "one announcement is enough"
        box._clock.mono_ms += 2_000
        sender.take_ack(word(box, 1), 62.1)
        assert box.next_session()
        (row,) = box.read_gaps(1, 10)
        gap = GapEvent.model_validate_json(row.body).data
        assert (gap.why, [(r.first, r.last) for r in gap.ranges]) == (GapReason.FREED, [(2, 3)])


def test_a_late_low_word_is_forgotten_with_the_next_good_one(tmp_path: Path) -> None:
    with sending(tmp_path, "manager") as (box, sender, wire):
        for _ in range(3):
            box.append(alert())
        sender.pump(wire, 0.0)
        sender.take_ack(word(box, 3), 1.0)
        sender.take_ack(word(box, 2), 1.1)
        sender.take_ack(word(box, 3), 1.2)
        assert not sender.wants_announcement(9.0)


def word(box: Outbox, seq: int) -> bytes:
    return Ack(epoch=box.epoch, seq=seq).model_dump_json().encode()
