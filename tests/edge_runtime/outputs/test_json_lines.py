from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING

from edge_contracts.verdict import Cause
from edge_runtime.outputs.json_lines import JsonLines
from tests.fakes.parts import DIGEST, inspected, verdict

if TYPE_CHECKING:
    import pytest

PATIENCE_S = 10.0


class StuckReader(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.release = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.release.wait(PATIENCE_S)
        return super().write(text)


def test_each_verdict_is_one_object_with_every_field() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream)
    lines.start()
    lines.take(inspected(verdict(Cause.CLEAN, part="1")))
    lines.take(inspected(verdict(Cause.DARK, part="2"), with_frame=False))
    assert lines.stop(PATIENCE_S)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["outcome"], first["cause"], first["model"]) == ("good", "clean", DIGEST)
    assert set(second) == {*verdict().__slots__, "frame"}
    assert (first["frame"], second["frame"]) == (1, None)


def test_a_reader_that_does_not_read_holds_up_nothing() -> None:
    stream = StuckReader()
    lines = JsonLines(stream)
    lines.start()
    lines.take(inspected())
    assert stream.reached.wait(PATIENCE_S)
    for _ in range(10_001):
        lines.take(inspected())
    assert lines.dropped == 1
    assert lines.stop(0.0) is False
    stream.release.set()
    assert lines.stop(PATIENCE_S) is True


def test_a_reader_that_left_ends_the_lines_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    stream.close()
    lines = JsonLines(stream)
    lines.start()
    lines.take(inspected())
    assert lines.stop(PATIENCE_S)
    assert "nobody reads" in caplog.text
