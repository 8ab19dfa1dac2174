from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.verdict import Cause
from edge_runtime import alert_queue
from edge_runtime.alert_queue import AlertQueue, Queued
from edge_runtime.alert_rule import alert_of
from edge_runtime.delivery_counts import DeliveryCounts
from tests.fakes.clock import FakeClock
from tests.fakes.parts import verdict

if TYPE_CHECKING:
    from collections.abc import Callable


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


class Passage:
    """A lock that somebody waits for: whoever leaves it lets him through."""

    def __init__(self, waiting: Callable[[], object]) -> None:
        self._waiting = [waiting]
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._waiting:
            self._waiting.pop()()


def test_a_stop_that_comes_while_an_alert_is_spoiled_gives_it_up_once() -> None:
    queue = filled(3)
    head = head_of(queue)
    given_up: list[int] = []
    queue._lock = Passage(lambda: given_up.append(queue.clear()))  # type: ignore[assignment]
    queue.spoil(head)
    assert (given_up, queue.clear()) == ([3], 0)
