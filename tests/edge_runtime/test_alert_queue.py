from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.verdict import Cause
from edge_runtime import alert_queue
from edge_runtime.alert_queue import AlertQueue, Queued
from edge_runtime.alert_rule import AlertRule, alert_of
from edge_runtime.delivery_counts import DeliveryCounts
from tests.fakes.clock import FakeClock
from tests.fakes.parts import inspected, verdict
from tests.fakes.passage import Passage
from tests.fakes.slow_log import slow_log_of

if TYPE_CHECKING:
    from edge_contracts.verdict import Verdict
    from edge_runtime.alert_rule import Admitted


def filled(*counts: int) -> AlertQueue:
    """A queue of alerts that each tell of so many parts."""
    queue = AlertQueue(FakeClock(), DeliveryCounts(), threading.Event(), None)
    queue.put(tuple(alert_of(verdict(part=str(number)), count) for number, count in enumerate(counts)))
    return queue


def head_of(queue: AlertQueue) -> Queued:
    head = queue.head()
    assert head is not None
    return head


def test_a_number_that_could_not_be_told_for_want_of_memory_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> Queued:
        raise MemoryError

    queue = filled(3)
    queue.spoil(head_of(queue))
    with monkeypatch.context() as broken:
        broken.setattr(alert_queue, "Queued", no_memory)
        with pytest.raises(MemoryError):
            queue.head_of_number()
    told = queue.head_of_number()
    assert told is not None
    assert (told.alert.cause, told.alert.count) == (Cause.INTERNAL, 3)
    assert queue.head_of_number() is None


def test_the_number_is_told_behind_all_that_have_words() -> None:
    queue = filled(1, 1)
    queue.spoil(head_of(queue))
    assert queue.head_of_number() is None
    assert queue.pop(head_of(queue))
    told = queue.head_of_number()
    assert told is not None
    assert queue.head() is told


def test_an_alert_that_is_spoiled_waits_no_longer_and_all_its_parts_are_counted() -> None:
    queue = filled(7, 1)
    spoiled = head_of(queue)
    queue.spoil(spoiled)
    assert head_of(queue).alert.part == "1"
    assert queue.pop(head_of(queue))
    told = queue.head_of_number()
    assert told is not None
    assert told.alert.count == 7


def test_what_is_given_up_includes_the_number_of_what_has_no_words() -> None:
    queue = filled(5, 1)
    queue.spoil(head_of(queue))
    assert queue.clear() == 6
    assert queue.clear() == 0


def test_a_stop_that_comes_while_an_alert_is_spoiled_gives_it_up_once() -> None:
    queue = filled(3)
    head = head_of(queue)
    given_up: list[int] = []
    queue._lock = Passage(lambda: given_up.append(queue.clear()))  # type: ignore[assignment]
    queue.spoil(head)
    assert (given_up, queue.clear()) == ([3], 0)


def test_a_stop_that_comes_before_an_alert_is_spoiled_gives_it_up_once() -> None:
    queue = filled(3)
    head = head_of(queue)
    assert queue.clear() == 1
    queue.spoil(head)
    assert (queue.head_of_number(), queue.clear()) == (None, 0)


def test_an_alert_that_is_spoiled_in_hand_is_told_by_number() -> None:
    queue = filled(3)
    head = head_of(queue)
    assert queue.pop(head)
    assert queue.oldest() is head
    queue.spoil(head)
    queue.let_go()
    told = queue.head_of_number()
    assert told is not None
    assert told.alert.count == 3


def test_verdicts_are_taken_while_one_that_was_not_taken_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: AlertRule, given: Verdict) -> Admitted:
        raise RuntimeError(f"no rule for {given.part}")

    queue = filled()
    with slow_log_of("edge_runtime.alert_queue") as log, monkeypatch.context() as broken:
        log.meanwhile = lambda: queue.put((alert_of(verdict(part="next")),))
        broken.setattr(AlertRule, "admit", fails)
        queue.admit(inspected(verdict(part="lost")))
    assert log.was_done == [True]
    assert head_of(queue).alert.part == "next"
    assert queue.clear() == 2, "what was not taken is counted"
