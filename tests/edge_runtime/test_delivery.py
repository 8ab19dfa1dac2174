from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import pytest

from edge_contracts.alert import Alert, Evidence, EvidenceKind
from edge_contracts.station import Alerting
from edge_contracts.verdict import Cause
from edge_runtime import alert_queue
from edge_runtime import delivery as line
from edge_runtime.alert_rule import AlertRule, alert_of
from edge_runtime.clock import MonotonicClock
from edge_runtime.delivery import Delivery
from edge_runtime.evidence.piece import Piece
from edge_runtime.evidence.writer import PLACES
from edge_runtime.minute_book import MinuteBook
from edge_runtime.outbox.spool_errors import SpoolShed
from tests.fakes.clock import FakeClock
from tests.fakes.letters import HandClock
from tests.fakes.parts import inspected, verdict
from tests.fakes.passage import Passage
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.stats import Stats
    from edge_contracts.verdict import Verdict
    from edge_runtime.alert_rule import Admitted
    from edge_runtime.occasion import Inspected

PATIENCE_S = 10.0


class Spool:
    """Keeps alerts in memory; a shut one takes none until it is opened."""

    def __init__(self, *, shut: bool = False, refuses: bool = False) -> None:
        self.alerts: list[Alert] = []
        self.minutes: list[Stats] = []
        self.written_off = self.lost = 0
        self.open = threading.Event()
        self.touched = threading.Event()
        self.refuses = refuses
        if not shut:
            self.open.set()

    def offer(self, told: Alert | Stats) -> Future[Any]:
        self.touched.set()
        assert self.open.wait(PATIENCE_S)
        future: Future[Any] = Future()
        if self.refuses:
            future.set_exception(OSError("disk full"))
        elif isinstance(told, Alert):
            self.alerts.append(told)
            future.set_result(None)
        else:
            self.minutes.append(told)
            future.set_result(None)
        return future

    def write_off(self, alerts: int = 0, minutes: int = 0) -> None:
        self.written_off += minutes
        self.lost += alerts


class Pictures:
    """Keeps pictures in memory; a shut disk takes none until it is opened."""

    def __init__(self, *, broken: bool = False, shut: bool = False) -> None:
        self.kept = 0
        self.writing = threading.Event()
        self.open = threading.Event()
        self._broken = broken
        if not shut:
            self.open.set()

    def encoded(self, given: Inspected) -> tuple[Piece, ...]:
        assert given.frame is not None
        if self._broken:
            raise OSError("no such picture")
        return (
            Piece(Evidence(kind=EvidenceKind.IMAGE, sha256="0" * 64, media_type="image/jpeg", bytes=1), "defect", b"."),
        )

    def write(self, pieces: tuple[Piece, ...]) -> object:
        self.writing.set()
        assert self.open.wait(PATIENCE_S)
        self.kept += len(pieces)
        return pieces


class HeldEncoder(Pictures):
    """Does not even encode them until it is opened."""

    def encoded(self, given: Inspected) -> tuple[Piece, ...]:
        self.writing.set()
        assert self.open.wait(PATIENCE_S)
        return super().encoded(given)


def deliver(spool: Spool, pictures: Pictures | None = None) -> Delivery:
    made = Delivery(spool, pictures, MonotonicClock())
    made.start()
    return made


def now_ns() -> int:
    return MonotonicClock.now_ns()


def parts(spool: Spool) -> list[str]:
    return [alert.part for alert in spool.alerts]


def test_defects_reach_the_spool_in_order_with_their_pictures() -> None:
    spool, pictures = Spool(), Pictures()
    delivery = deliver(spool, pictures)
    for number in range(5):
        delivery.take(inspected(verdict(part=str(number))))
    assert delivery.stop(PATIENCE_S)
    assert parts(spool) == ["0", "1", "2", "3", "4"]
    assert delivery.counts.spooled == 5
    assert all(alert.evidence for alert in spool.alerts) or delivery.counts.without_picture > 0


def test_good_parts_are_not_spooled() -> None:
    spool = Spool()
    delivery = deliver(spool)
    delivery.take(inspected(verdict(Cause.CLEAN)))
    assert delivery.stop(PATIENCE_S)
    assert spool.alerts == []


def test_stopping_tells_the_unknowns_that_were_held_back() -> None:
    spool = Spool()
    delivery = deliver(spool)
    for number in range(7):
        delivery.take(inspected(verdict(Cause.DARK, part=str(number), decided_at_ns=now_ns())))
    assert delivery.stop(PATIENCE_S)
    assert [alert.count for alert in spool.alerts] == [1, 6]


def test_a_reload_tells_the_defects_that_were_held_back_and_holds_back_by_the_new_settings() -> None:
    spool = Spool()
    delivery = deliver(spool)
    delivery.hold_back("gate", Alerting(defects=4, of=4))
    for number in range(3):
        delivery.take(inspected(verdict(part=f"before-{number}", decided_at_ns=now_ns())))
    delivery.hold_back("gate", Alerting())
    eventually(lambda: spool.alerts)
    delivery.take(inspected(verdict(part="after")))
    assert delivery.stop(PATIENCE_S)
    assert [(alert.part, alert.count) for alert in spool.alerts] == [("before-2", 3), ("after", 1)]


def test_stopping_tells_the_defects_that_were_held_back() -> None:
    spool = Spool()
    delivery = deliver(spool)
    delivery.hold_back("gate", Alerting(defects=4, of=4))
    for number in range(3):
        delivery.take(inspected(verdict(part=str(number), decided_at_ns=now_ns())))
    assert delivery.stop(PATIENCE_S)
    assert [(alert.part, alert.count) for alert in spool.alerts] == [("2", 3)]


def test_what_a_kill_would_take_is_known_until_it_is_durable_and_told_by_the_next_life() -> None:
    spool = Slow()
    delivery = Delivery(spool, None, MonotonicClock())
    delivery.hold_back("gate", Alerting(cool_down_s=3600.0))
    for number in range(4):
        delivery.take(inspected(verdict(part=str(number), decided_at_ns=now_ns())))
    (held,) = delivery.held_back()
    assert (held.part, held.count) == ("3", 3)
    delivery.start()
    delivery.hold_back("gate", Alerting())
    eventually(lambda: len(spool.promised) == 2)
    assert delivery.held_back() == (held,)
    for future in spool.promised:
        future.set_result(None)
    eventually(lambda: delivery.held_back() == ())
    assert delivery.stop(PATIENCE_S)
    after = Spool()
    next_life = Delivery(after, None, MonotonicClock())
    next_life.tell((held,))
    assert next_life.held_back() == (held,)
    next_life.start()
    assert next_life.stop(PATIENCE_S)
    assert (after.alerts, next_life.held_back()) == ([held], ())


def several(*, pictured: bool) -> Delivery:
    """An alert of three parts waits, and nobody has begun to offer it."""
    delivery = Delivery(Slow(), Pictures(), FakeClock())
    delivery.hold_back("gate", Alerting(defects=3, of=3))
    for number in range(3):
        delivery.take(inspected(verdict(part=str(number)), with_frame=pictured))
    return delivery


@pytest.mark.parametrize("pictured", [False, True])
def test_an_alert_that_moves_on_while_what_is_held_back_is_noted_is_noted_once(*, pictured: bool) -> None:
    delivery = several(pictured=pictured)
    delivery._queue._lock = Passage(delivery._turn)  # type: ignore[assignment]
    noted = delivery.held_back()
    assert len(delivery._offered) == 1
    assert [alert.count for alert in noted] == [3]
    assert delivery.held_back() == noted, "it is the same until it is durable"


def test_parts_that_are_told_while_they_are_noted_as_held_back_are_noted_once() -> None:
    clock = FakeClock()
    delivery = Delivery(Slow(), None, clock)
    delivery.hold_back("gate", Alerting(defects=3, of=3))
    for number in range(2):
        delivery.take(inspected(verdict(part=str(number), decided_at_ns=clock.now_ns())))
    clock.advance(61.0)
    delivery._queue._lock = Passage(delivery._turn)  # type: ignore[assignment]
    assert [(alert.part, alert.count) for alert in delivery.held_back()] == [("1", 2)]
    assert [one.alert.count for one in delivery._offered] == [2]


def test_parts_that_the_next_one_tells_while_they_are_noted_as_held_back_are_noted_once() -> None:
    delivery = Delivery(Slow(), None, FakeClock())
    delivery.hold_back("gate", Alerting(defects=3, of=3))

    def take(number: int) -> None:
        delivery.take(inspected(verdict(part=str(number))))

    def the_third_comes() -> None:
        take(2)
        delivery._turn()

    take(0)
    take(1)
    delivery._queue._lock = Passage(the_third_comes)  # type: ignore[assignment]
    assert sum(alert.count for alert in delivery.held_back()) == 2
    assert [one.alert.count for one in delivery._offered] == [3]
    assert sum(alert.count for alert in delivery.held_back()) == 3


def test_an_alert_that_becomes_late_while_what_is_held_back_is_noted_is_noted() -> None:
    clock = FakeClock()
    delivery = Delivery(Slow(), None, clock)
    delivery.tell((alert_of(verdict(), 3),))
    delivery._turn()
    clock.advance(11.0)

    class BecomesLate(list[Any]):
        """Somebody looks through the late alerts, and only then the next one becomes late."""

        def __iter__(self) -> Iterator[Any]:
            seen = tuple(super().__iter__())
            if delivery._offered:
                delivery._settle()
            return iter(seen)

    delivery._late = BecomesLate()
    assert [alert.count for alert in delivery.held_back()] == [3]
    assert (delivery.counts.refused, len(delivery._offered)) == (1, 0)
    assert [alert.count for alert in delivery.held_back()] == [3]


def test_an_alert_that_is_just_being_offered_is_among_what_a_kill_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = several(pictured=False)
    noted: list[tuple[Alert, ...]] = []

    def refuses(*_: object) -> Future[Any]:
        noted.append(delivery.held_back())
        raise RuntimeError("no such spool")

    monkeypatch.setattr(Slow, "offer", refuses)
    delivery._turn()
    assert [[alert.count for alert in one] for one in noted] == [[3], [3]], "the alert, then that of its number"
    assert delivery.held_back() == (), "what could not be offered is a number now"


def test_an_alert_that_is_durable_soon_and_still_in_hand_is_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = several(pictured=False)
    noted: list[tuple[Alert, ...]] = []

    def looks(*_: object) -> None:
        noted.append(delivery.held_back())

    monkeypatch.setattr(Future, "add_done_callback", looks)
    delivery._turn()
    assert [[alert.count for alert in one] for one in noted] == [[3]]


def test_verdicts_are_taken_while_what_waits_is_looked_through() -> None:
    delivery = Delivery(Spool(), None, FakeClock())
    was_taken: list[bool] = []

    class Watched:
        """An alert beside which a verdict is taken while it is looked at."""

        @property
        def count(self) -> int:
            taking = threading.Thread(target=delivery.take, args=(inspected(),), daemon=True)
            taking.start()
            taking.join(1.0)
            was_taken.append(not taking.is_alive())
            return 1

    delivery.tell((cast("Alert", Watched()),))
    assert delivery.held_back() == ()
    assert was_taken == [True]


def test_a_slow_disk_never_holds_up_an_inspection_and_costs_pictures_first() -> None:
    spool, pictures = Spool(shut=True), Pictures()
    delivery = deliver(spool, pictures)
    delivery.take(inspected(verdict(part="first")))
    assert spool.touched.wait(PATIENCE_S)
    eventually(lambda: pictures.kept == 1 and delivery.picture_waits_s == 0)
    for number in range(50):
        delivery.take(inspected(verdict(part=str(number))))
    spool.open.set()
    assert delivery.stop(PATIENCE_S)
    assert len(spool.alerts) == 51
    assert pictures.kept == 1 + PLACES
    assert delivery.counts.without_picture == 50 - PLACES


def test_a_picture_whose_write_hangs_keeps_no_alert_from_the_spool() -> None:
    spool, pictures = Spool(), Pictures(shut=True)
    delivery = deliver(spool, pictures)
    for number in range(PLACES + 20):
        delivery.take(inspected(verdict(part=str(number))))
    eventually(lambda: len(spool.alerts) == PLACES + 20)
    assert parts(spool) == [str(number) for number in range(PLACES + 20)]
    assert [bool(alert.evidence) for alert in spool.alerts] == [True] * PLACES + [False] * 20
    assert (pictures.kept, delivery.counts.without_picture) == (0, 20)
    pictures.open.set()
    assert delivery.stop(PATIENCE_S)
    assert pictures.kept == PLACES


def test_a_stop_gives_up_the_pictures_that_the_disk_does_not_take_and_no_alert(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spool, pictures = Spool(), Pictures(shut=True)
    delivery = deliver(spool, pictures)
    for number in range(PLACES):
        delivery.take(inspected(verdict(part=str(number))))
    assert pictures.writing.wait(PATIENCE_S)
    assert delivery.stop(0.5), "a hung picture is no reason for a restart"
    assert "the evidence writer: its thread did not stop" in caplog.text
    assert len(spool.alerts) == delivery.counts.spooled == PLACES
    assert f"the evidence of {PLACES - 1} verdicts was not written" in caplog.text
    delivery.keep(lambda: 1 / 0)
    assert delivery.counts.extras_dropped == 1
    pictures.open.set()
    assert delivery.stop(PATIENCE_S)
    assert pictures.kept == 1


def test_how_long_alert_and_picture_wait_is_told_until_they_are_on_the_disk() -> None:
    spool, pictures, clock = Slow(), Pictures(shut=True), FakeClock(patient=True)
    delivery = Delivery(spool, pictures, clock)
    assert (delivery.alert_waits_s, delivery.picture_waits_s) == (0.0, 0.0)
    delivery.take(inspected())
    clock.advance(1.5)
    assert delivery.alert_waits_s == 1.5
    delivery.start()
    assert pictures.writing.wait(PATIENCE_S)
    eventually(lambda: spool.promised)
    clock.advance(30.0)
    delivery._more.set()
    eventually(lambda: delivery.counts.refused == 1)
    assert (delivery.alert_waits_s, delivery.picture_waits_s) == (31.5, 30.0)
    pictures.open.set()
    spool.promised[0].set_result(None)
    eventually(lambda: (delivery.alert_waits_s, delivery.picture_waits_s) == (0.0, 0.0))
    assert delivery.stop(PATIENCE_S)


def test_how_long_an_alert_waits_is_told_while_the_spool_hangs_that_is_offered_it() -> None:
    spool, clock = Spool(shut=True), FakeClock(patient=True)
    delivery = Delivery(spool, None, clock)
    delivery.take(inspected())
    delivery.start()
    assert spool.touched.wait(PATIENCE_S)
    clock.advance(100.0)
    assert delivery.alert_waits_s == 100.0
    spool.open.set()
    assert delivery.stop(PATIENCE_S)
    assert delivery.alert_waits_s == 0.0


def test_what_no_line_can_hold_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_queue, "LINE_MAX", 10)
    spool = Spool(shut=True)
    delivery = deliver(spool)
    delivery.take(inspected(verdict(part="first")))
    assert spool.touched.wait(PATIENCE_S)
    for number in range(15):
        delivery.take(inspected(verdict(part=str(number))))
    spool.open.set()
    assert delivery.stop(PATIENCE_S)
    assert delivery.counts.overflowed == 5
    last = spool.alerts[-1]
    assert (last.cause, last.count) == (Cause.INTERNAL, 5)
    assert sum(alert.count for alert in spool.alerts) == 16


def test_a_spool_that_refuses_is_counted_and_asked_again_for_the_next() -> None:
    spool = Spool(refuses=True)
    delivery = deliver(spool)
    for _ in range(3):
        delivery.take(inspected())
    assert delivery.stop(PATIENCE_S)
    assert (delivery.counts.refused, delivery.counts.spooled) == (3, 0)


def test_a_disk_without_room_for_pictures_costs_no_alert() -> None:
    spool = Spool()
    delivery = deliver(spool, Pictures(broken=True))
    delivery.take(inspected())
    assert delivery.stop(PATIENCE_S)
    assert [alert.evidence for alert in spool.alerts] == [()]


def test_stopping_says_no_while_alerts_stay_behind() -> None:
    spool = Spool(shut=True)
    delivery = deliver(spool)
    delivery.take(inspected())
    assert spool.touched.wait(PATIENCE_S)
    assert delivery.stop(0.0) is False
    spool.open.set()
    assert delivery.stop(PATIENCE_S) is True


def test_what_the_spool_was_not_offered_before_the_stop_is_in_its_ledger(caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(shut=True)
    delivery = deliver(spool)
    delivery.take(inspected(verdict(part="first")))
    assert spool.touched.wait(PATIENCE_S)
    for number in range(3):
        delivery.take(inspected(verdict(part=str(number))))
    assert delivery.stop(0.1) is False
    assert spool.lost == 3
    assert "3 alerts could not be offered" in caplog.text
    spool.open.set()
    assert delivery.stop(PATIENCE_S)
    assert (parts(spool), spool.lost) == (["first"], 3)


def test_an_alert_whose_picture_was_being_encoded_at_the_stop_is_in_the_ledger_and_not_offered_later() -> None:
    spool, pictures = Spool(), HeldEncoder(shut=True)
    delivery = deliver(spool, pictures)
    delivery.take(inspected())
    assert pictures.writing.wait(PATIENCE_S)
    assert delivery.stop(0.1) is False
    assert spool.lost == 1
    pictures.open.set()
    assert delivery.stop(PATIENCE_S)
    assert (spool.alerts, spool.lost) == ([], 1)


def test_pictures_that_take_long_to_encode_hold_up_no_alert_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    spool, pictures = Spool(), HeldEncoder(shut=True)
    delivery = deliver(spool, pictures)
    for number in range(3):
        delivery.take(inspected(verdict(part=str(number))))
    assert pictures.writing.wait(PATIENCE_S)
    monkeypatch.setattr(line, "_PICTURE_PATIENCE_S", 0.0)
    pictures.open.set()
    assert delivery.stop(PATIENCE_S)
    assert [(alert.part, bool(alert.evidence)) for alert in spool.alerts] == [("0", True), ("1", False), ("2", False)]
    assert delivery.counts.without_picture == 2


def test_a_stop_offers_all_that_waits_though_nothing_of_it_is_durable_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "OFFERED_MAX", 3)
    spool = Slow()
    delivery = deliver(spool)
    for number in range(10):
        delivery.take(inspected(verdict(part=str(number))))
    assert spool.touched.wait(PATIENCE_S)
    assert len(spool.promised) == 3
    assert delivery.stop(0.2) is False
    assert (len(spool.promised), spool.lost) == (10, 0)
    for future in spool.promised:
        future.set_result(None)
    assert delivery.stop(PATIENCE_S)
    assert delivery.counts.spooled == 10


class Trap(Spool):
    """Raises instead of taking the first alerts."""

    def __init__(self, raises: int) -> None:
        super().__init__()
        self._raises = raises

    def offer(self, alert: Alert) -> Future[Any]:
        if self._raises:
            self._raises -= 1
            raise RuntimeError("no such spool")
        return super().offer(alert)


def test_an_alert_that_cannot_be_offered_is_told_by_number() -> None:
    spool = Trap(raises=1)
    delivery = deliver(spool)
    delivery.take(inspected(verdict(part="lost")))
    delivery.take(inspected(verdict(part="next")))
    assert delivery.stop(PATIENCE_S)
    assert sum(alert.count for alert in spool.alerts) == 2
    assert {alert.cause for alert in spool.alerts} == {Cause.THRESHOLD, Cause.INTERNAL}
    assert delivery.counts.faults == 1


def test_a_verdict_that_cannot_be_taken_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: AlertRule, given: Verdict) -> Admitted:
        raise RuntimeError(f"no rule for {given.part}")

    spool = Spool()
    delivery = deliver(spool)
    with monkeypatch.context() as broken:
        broken.setattr(AlertRule, "admit", fails)
        delivery.take(inspected(verdict(part="lost")))
    assert delivery.stop(PATIENCE_S)
    assert [(alert.cause, alert.count) for alert in spool.alerts] == [(Cause.INTERNAL, 1)]
    assert delivery.counts.faults == 1


class ForgetfulClock(MonotonicClock):
    """Fails when the delivery's thread asks for the time, once."""

    def __init__(self) -> None:
        self.failed = threading.Event()

    def now_ns(self) -> int:  # type: ignore[override]
        if threading.current_thread().name == "delivery" and not self.failed.is_set():
            self.failed.set()
            raise OSError("no clock")
        return super().now_ns()


def test_a_fault_in_a_turn_of_the_thread_does_not_end_it() -> None:
    spool, clock = Spool(), ForgetfulClock()
    delivery = Delivery(spool, None, clock)
    delivery.start()
    delivery.take(inspected(verdict(part="1")))
    assert clock.failed.wait(PATIENCE_S)
    delivery.take(inspected(verdict(part="2")))
    assert delivery.running
    assert delivery.stop(PATIENCE_S)
    assert parts(spool) == ["1", "2"]
    assert delivery.counts.faults == 1


class Slow(Spool):
    """Takes alerts and makes none durable until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.promised: list[Future[Any]] = []

    def offer(self, alert: Alert) -> Future[Any]:
        self.alerts.append(alert)
        self.promised.append(Future())
        if len(self.promised) == 3:
            self.touched.set()
        return self.promised[-1]


def test_what_the_spool_was_offered_and_has_not_stored_stays_behind_too(caplog: pytest.LogCaptureFixture) -> None:
    spool = Slow()
    made = Delivery(spool, None, MonotonicClock())
    for number in range(3):
        made.take(inspected(verdict(part=str(number))))
    made.start()
    assert spool.touched.wait(PATIENCE_S)
    assert made.stop(0.0) is False
    assert "3 alerts and 0 minutes stay behind" in caplog.text
    for future in spool.promised:
        future.set_result(None)
    assert made.stop(PATIENCE_S) is True


def test_an_alert_that_waits_for_company_in_the_spool_holds_up_no_other_and_costs_no_picture() -> None:
    spool, pictures = Slow(), Pictures()
    made = deliver(spool, pictures)
    for number in range(PLACES + 4):
        made.take(inspected(verdict(part=str(number))))
        eventually(lambda number=number: len(spool.promised) == number + 1)
        eventually(lambda number=number: pictures.kept == number + 1)
    assert all(alert.evidence for alert in spool.alerts)
    assert made.counts.spooled == 0
    for future in spool.promised:
        future.set_result(None)
    eventually(lambda: made.counts.spooled == PLACES + 4)
    assert made.stop(PATIENCE_S)


def test_an_alert_that_is_not_durable_in_time_is_counted_as_refused() -> None:
    spool, clock = Slow(), FakeClock()
    made = Delivery(spool, None, clock)
    made.take(inspected(verdict(part="stuck")))
    made._turn()
    assert made.counts.refused == 0
    clock.advance(11.0)
    made._turn()
    assert made.counts.refused == 1


def test_evidence_without_an_alert_is_kept_in_turn_and_dropped_before_any_alert_is() -> None:
    kept: list[int] = []
    delivery = Delivery(Spool(), None, MonotonicClock())
    for number in range(PLACES + 3):
        delivery.keep(lambda number=number: kept.append(number))
    delivery.keep(lambda: 1 / 0)
    delivery.start()
    eventually(lambda: kept == [*range(PLACES)])
    assert delivery.counts.extras_dropped == 4
    delivery.keep(lambda: 1 / 0)
    eventually(delivery._pictures.reserve)
    delivery._pictures.write(lambda: kept.append(99))
    eventually(lambda: kept[-1] == 99)
    assert delivery.stop(PATIENCE_S)
    assert delivery.counts.faults == 0


def test_the_minute_that_has_begun_is_told_when_the_delivery_stops() -> None:
    spool, book = Spool(), MinuteBook(HandClock())
    delivery = Delivery(spool, None, MonotonicClock(), minutes=book)
    delivery.start()
    book.take(inspected(verdict(Cause.CLEAN)))
    assert delivery.stop(PATIENCE_S)
    assert [point.good for minute in spool.minutes for point in minute.points] == [1]
    assert delivery.counts.minutes == 1


def test_a_minute_that_is_over_is_told_though_no_part_comes() -> None:
    clock = HandClock()
    spool, book = Spool(), MinuteBook(clock)
    delivery = Delivery(spool, None, FakeClock(answers=spool.touched), minutes=book)
    book.take(inspected(verdict(Cause.CLEAN)))
    clock.advance(60)
    spool.touched.set()
    delivery.start()
    eventually(lambda: spool.minutes)
    assert delivery.stop(PATIENCE_S)


def test_a_minute_that_no_disk_took_is_told_with_the_next_one() -> None:
    clock, spool = HandClock(), Spool(refuses=True)
    book = MinuteBook(clock)
    delivery = Delivery(spool, None, MonotonicClock(), minutes=book)
    book.take(inspected(verdict(Cause.CLEAN)))
    clock.advance(60)
    delivery._turn()
    assert (delivery.counts.minutes, delivery.counts.minutes_back) == (0, 1)
    spool.refuses = False
    clock.advance(30)
    book.take(inspected(verdict(Cause.DARK)))
    delivery.start()
    assert delivery.stop(PATIENCE_S)
    (minute,) = spool.minutes
    assert [(point.good, point.unknown) for point in minute.points] == [(1, {"dark": 1})]
    assert minute.until_mono - minute.from_mono == 90_000
    assert spool.written_off == 0


def test_the_last_minute_that_no_disk_took_is_written_off_and_said(caplog: pytest.LogCaptureFixture) -> None:
    spool, book = Spool(refuses=True), MinuteBook(HandClock())
    delivery = Delivery(spool, None, MonotonicClock(), minutes=book)
    delivery.start()
    book.take(inspected(verdict(Cause.CLEAN)))
    assert delivery.stop(PATIENCE_S)
    assert (delivery.counts.minutes_back, delivery.counts.minutes_lost, spool.written_off) == (0, 1, 1)
    assert "disk full" in caplog.text
    assert book.last() == (), "nobody would ask for it"


def test_a_minute_that_is_refused_after_the_delivery_has_ended_is_written_off() -> None:
    class Slow(Spool):
        def offer(self, told: Alert | Stats) -> Future[Any]:
            del told
            return late

    late: Future[Any] = Future()
    spool, book = Slow(), MinuteBook(HandClock())
    delivery = Delivery(spool, None, MonotonicClock(), minutes=book)
    book.take(inspected(verdict(Cause.CLEAN)))
    delivery.start()
    assert not delivery.stop(0.05)
    late.set_exception(OSError("the disk hung"))
    assert spool.written_off == 1
    assert delivery.stop(PATIENCE_S)


def test_a_minute_that_a_full_spool_shed_is_not_told_again() -> None:
    class Full(Spool):
        def offer(self, told: Alert | Stats) -> Future[Any]:
            del told
            future: Future[Any] = Future()
            future.set_exception(SpoolShed("it is in the ledger"))
            return future

    book = MinuteBook(HandClock())
    delivery = Delivery(Full(), None, MonotonicClock(), minutes=book)
    delivery.start()
    book.take(inspected(verdict(Cause.CLEAN)))
    assert delivery.stop(PATIENCE_S)
    assert book.last() == ()
