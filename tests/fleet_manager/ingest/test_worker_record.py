"""What the manager believes of an ingest process is what the process said last, and never better than that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.worker_record import Worker
from fleet_manager.ingest.workers import Workers, tasks

FULL = "database or disk is full"


@pytest.fixture
def worker() -> Worker:
    (task,) = tasks("sqlite://", BrokerOptions("broker.local", 1883, "fleet"), 1, shares=False)
    made = Worker("ingest-0", task)
    hear(made, "connected", text="broker.local")
    hear(made, "ready")
    return made


def hear(worker: Worker, event: str, **more: Any) -> None:
    worker.hear(json.dumps({"event": event, **more}) + "\n")


def stored(worker: Worker) -> None:
    hear(worker, "stored", alerts=1, refused=0, duplicates=0)


def test_a_process_is_ready_once_what_it_says_to_itself_came_back(worker: Worker) -> None:
    hear(worker, "connected", text="broker.local")
    assert (worker.is_ready, "does not come back" in worker.trouble) == (False, True)
    hear(worker, "ready")
    assert (worker.is_ready, worker.trouble) == (True, "")


def test_a_process_whose_store_takes_nothing_is_not_ready_until_it_does(worker: Worker) -> None:
    hear(worker, "store-failed", text=FULL)
    assert (worker.is_ready, worker.trouble) == (False, f"the store takes nothing: {FULL}")
    hear(worker, "ready")
    assert not worker.is_ready, "the probe comes back although nothing is stored"
    stored(worker)
    assert (worker.is_ready, worker.stored) == (True, 1)


def test_a_process_that_hears_itself_no_more_is_not_ready(worker: Worker) -> None:
    hear(worker, "silent")
    assert "does not come back" in worker.trouble
    hear(worker, "ready")
    assert worker.is_ready


def test_each_outage_is_told_once(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(3):
        hear(worker, "store-failed", text=FULL)
    assert len(caplog.records) == 1
    stored(worker)
    for _ in range(3):
        hear(worker, "ready")
    assert len(caplog.records) == 1


def test_reasons_that_take_turns_in_one_outage_are_told_once_each(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    for outage in (1, 2):
        for _ in range(4):
            hear(worker, "disconnected", text="closed")
            hear(worker, "disconnected", text="Connection refused")
        assert worker.trouble == "Connection refused"
        assert caplog.messages == ["ingest-0: closed", "ingest-0: Connection refused"] * outage
        hear(worker, "ready")


@pytest.mark.parametrize(
    "line", ["Traceback (most recent call last):\n", "[]\n", "7\n", "{}\n", '{"event": "other"}\n']
)
def test_a_line_that_is_no_word_of_a_process_changes_nothing(worker: Worker, line: str) -> None:
    worker.hear(line)
    stored(worker)
    assert (worker.is_ready, worker.stored) == (True, 1)


def test_a_manager_is_ready_when_each_of_its_processes_is() -> None:
    workers = Workers(tasks("sqlite://", BrokerOptions("broker.local", 1883, "fleet"), 1, shares=True), lambda: 0.0)
    for one in workers.workers:
        hear(one, "ready")
    assert workers.trouble is None
    hear(workers.workers[1], "store-failed", text=FULL)
    assert workers.trouble == f"ingest-1: the store takes nothing: {FULL}"


def test_what_several_processes_have_in_common_is_said_once() -> None:
    workers = Workers(tasks("sqlite://", BrokerOptions("broker.local", 1883, "fleet"), 2, shares=True), lambda: 0.0)
    for one in workers.workers:
        hear(one, "disconnected", text="Connection refused")
    hear(workers.workers[1], "ready")
    assert workers.trouble == "ingest-0, ingest-2: Connection refused"
