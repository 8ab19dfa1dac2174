from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING

from edge_runtime import journal as module
from edge_runtime.journal import Journal

if TYPE_CHECKING:
    import pytest

_log = logging.getLogger("edge_runtime.test")
PATIENCE_S = 10.0


class Stuck(io.StringIO):
    """A reader that does not read until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.release = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.release.wait(PATIENCE_S)
        return super().write(text)


def test_records_and_lines_come_in_their_order() -> None:
    stream = io.StringIO()
    with Journal(stream, logging.INFO) as journal:
        _log.info("first %d", 1)
        _log.debug("too small")
        journal.say("second")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("INFO first 1")
    assert second == "second"
    assert not journal.is_stuck


def test_a_line_is_said_at_any_level() -> None:
    stream = io.StringIO()
    with Journal(stream, logging.WARNING) as journal:
        _log.info("quiet")
        journal.say("the end")
    assert stream.getvalue() == "the end\n"


def test_a_reader_that_is_stuck_does_not_keep_the_daemon_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.05)
    stream = Stuck()
    with Journal(stream, logging.INFO) as journal:
        journal.say("one")
        assert stream.reached.wait(PATIENCE_S)
    assert journal.is_stuck
    stream.release.set()


def test_lines_that_nobody_read_are_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_MAX", 2)
    stream = Stuck()
    with Journal(stream, logging.INFO) as journal:
        journal.say("1")
        assert stream.reached.wait(PATIENCE_S)
        for number in range(2, 7):
            journal.say(str(number))
        stream.release.set()
        while not journal._lines.empty():
            threading.Event().wait(0.01)
        journal.say("7")
    assert stream.getvalue().splitlines() == ["1", "2", "3", "(3 log lines were dropped) 7"]


def test_the_root_logger_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with Journal(io.StringIO(), logging.DEBUG):
        assert root.level == logging.DEBUG
    assert (root.level, list(root.handlers)) == before
