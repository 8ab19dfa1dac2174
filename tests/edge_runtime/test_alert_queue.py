from __future__ import annotations

import threading

import pytest

from edge_contracts.verdict import Cause
from edge_runtime import alert_queue
from edge_runtime.alert_queue import AlertQueue, Queued
from edge_runtime.alert_rule import alert_of
from edge_runtime.delivery_counts import DeliveryCounts
from tests.fakes.clock import FakeClock
from tests.fakes.parts import verdict


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
