from __future__ import annotations

import os
import threading
from typing import NoReturn

import pytest

from edge_runtime.web import low_priority
from edge_runtime.web.low_priority import NICENESS, give_way
from edge_runtime.web.open_inference.long_json import SHORT_JSON, RequestReader
from edge_runtime.web.open_inference.tensor import RequestRefused
from edge_runtime.web.worker import Worker


def niceness(number: int = 0) -> int:
    return os.getpriority(os.PRIO_PROCESS, number)


def test_a_worker_gives_way_and_nobody_else_with_it() -> None:
    mine = niceness()
    worker = Worker("w", 1, 60, lambda: None)
    worker.start()
    assert worker.submit(lambda: niceness(threading.get_native_id())).result(5) >= NICENESS
    assert worker.stop(5)
    assert niceness() == mine


def test_a_sandbox_that_forbids_it_is_told_and_no_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forbidden(*_: int) -> NoReturn:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(low_priority.os, "setpriority", forbidden)
    with caplog.at_level("INFO"):
        assert not give_way()
    assert "keeps its priority (Operation not permitted)" in caplog.text


def test_the_process_that_reads_long_json_gives_way() -> None:
    reader = RequestReader()
    process = reader._running()
    with pytest.raises(RequestRefused):
        reader.read(b'"' + bytes(SHORT_JSON), None)
    assert niceness(process.pid) >= NICENESS
    reader.close()
    assert process.returncode is not None
