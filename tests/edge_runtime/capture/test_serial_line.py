from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import SerialSource as Settings
from edge_contracts.verdict import Cause
from edge_runtime.capture.serial_line import LINE_MAX_BYTES, SerialLineSource, build
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Window
from tests.edge_runtime.capture.source_contract import WindowContract
from tests.fakes.clock import FakeClock
from tests.fakes.pty_line import PtyLine

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = b"the end of a line\n"
"""What stands on a line before its first end is thrown away."""


@pytest.fixture
def line() -> Iterator[PtyLine]:
    line = PtyLine()
    yield line
    line.unplug()


def source_on(line: PtyLine, **settings) -> SerialLineSource:
    source = build(Settings(kind="serial", port=line.path, **settings), MonotonicClock(), threading.Event())
    source.open()
    line.say(STEP)
    return source


def next_of(source: SerialLineSource) -> Window | BadReading:
    source.advance()
    return source.reading()


class TestSerialLine(WindowContract):
    @pytest.fixture
    def source(self, line: PtyLine) -> Iterator[SerialLineSource]:
        source = source_on(line, rate_hz=1000)
        line.say("1", "2")
        yield source
        source.close()

    @pytest.fixture
    def absent(self) -> SerialLineSource:
        settings = Settings(kind="serial", port="/dev/serial/by-id/usb-none")
        return build(settings, MonotonicClock(), threading.Event())

    def test_opening_again_begins_again(self, source: SerialLineSource, line: PtyLine) -> None:  # type: ignore[override]
        self.next_reading(source)
        source.close()
        source.open()
        line.say(STEP, "3")
        assert self.next_reading(source).number == 1


def test_a_window_has_a_row_per_line_and_a_column_per_number(line: PtyLine) -> None:
    source = source_on(line, window=3, columns=(2, 4), separator=";")
    line.say("a;1.5;b;-2", "a;2.5;b;-3e1", "a;.5;b;+4")
    window = next_of(source)
    assert isinstance(window, Window)
    assert window.values.tolist() == [[1.5, -2], [2.5, -30], [0.5, 4]]
    assert window.rate_hz == 0


def test_windows_overlap_by_what_the_hop_leaves(line: PtyLine) -> None:
    source = source_on(line, window=3, hop=1)
    line.say("1", "2", "3", "4")
    assert [next_of(source).values[:, 0].tolist() for _ in range(2)] == [[1, 2, 3], [2, 3, 4]]


def test_a_window_says_when_its_first_line_came(line: PtyLine) -> None:
    source = source_on(line, window=2, hop=1)
    before_ns = MonotonicClock.now_ns()
    line.say("1", "2", "3")
    first, second = next_of(source), next_of(source)
    assert isinstance(first, Window)
    assert isinstance(second, Window)
    assert before_ns < first.begun_at_ns <= first.captured_at_ns
    assert first.begun_at_ns <= second.begun_at_ns <= second.captured_at_ns
    assert second.begun_at_ns == first.captured_at_ns


def test_the_beginning_of_a_line_that_was_missed_is_no_number(line: PtyLine) -> None:
    source = build(Settings(kind="serial", port=line.path), MonotonicClock(), threading.Event())
    source.open()
    line.say(b"2.5\n", "112.5")
    assert next_of(source).values.tolist() == [[112.5]]


def test_a_log_gives_its_numbers_and_its_part(line: PtyLine) -> None:
    pattern = r"part=(?P<part>\w+) torque=([\d.]+) angle=([\d.]+)"
    source = source_on(line, pattern=pattern, other_lines="ignored")
    line.say("08:00 spindle warm", "part=A17 torque=12.5 angle=90", "door open", "part=A18 torque=0.5 angle=3")
    found = [next_of(source), next_of(source)]
    assert [(one.name, one.values.tolist()) for one in found] == [("A17", [[12.5, 90]]), ("A18", [[0.5, 3]])]


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x80\n", b"1.2.3\n", b"\n", b"0x10\n", b"1_0\n", b"12 5 kg\n", b"--\n"])
def test_a_line_of_garbage_makes_its_window_unknown_and_is_counted(line: PtyLine, garbage: bytes) -> None:
    source = source_on(line, window=3, columns=(2,))
    line.say("a,1", b"a," + garbage, "a,3", "a,4", "a,5", "a,6")
    bad, good = next_of(source), next_of(source)
    assert isinstance(bad, BadReading)
    assert "1 of 3 lines are bad" in bad.reason
    assert source.bad_lines == 1
    assert isinstance(good, Window)


def test_as_many_bad_lines_as_allowed_repeat_what_was_before_them(line: PtyLine) -> None:
    source = source_on(line, window=4, bad_lines_max=1)
    line.say("1", "?", "3", "4", "?", "?", "7", "8")
    assert next_of(source).values[:, 0].tolist() == [1, 1, 3, 4]
    assert isinstance(next_of(source), BadReading)


def test_a_window_of_garbage_alone_is_unknown_however_much_is_allowed(line: PtyLine) -> None:
    source = source_on(line, window=2, bad_lines_max=2)
    line.say("?", "?")
    assert isinstance(next_of(source), BadReading)


def test_a_line_without_an_end_is_held_to_its_limit(line: PtyLine) -> None:
    source = source_on(line)
    writer = threading.Thread(target=lambda: line.say(b"1" * (5 * LINE_MAX_BYTES) + b"\n", "7"))
    writer.start()
    bad, good = next_of(source), next_of(source)
    writer.join(5)
    assert isinstance(bad, BadReading)
    assert f"at most {LINE_MAX_BYTES} bytes" in bad.reason
    assert good.values.tolist() == [[7]]


def test_a_line_that_falls_silent_is_lost_after_its_time_out(line: PtyLine) -> None:
    source = source_on(line, read_timeout_s=0.2)
    with pytest.raises(SourceLost, match=r"within 0.2 s, found none; check the sensor"):
        source.advance()


def test_a_line_that_is_unplugged_is_lost(line: PtyLine) -> None:
    source = source_on(line)
    line.unplug()
    with pytest.raises(SourceLost, match="check the cable"):
        source.advance()


def test_a_port_is_held_by_one_program_alone(line: PtyLine) -> None:
    holder = source_on(line)
    with pytest.raises(SourceLost, match="wanted a serial line"):
        source_on(line)
    holder.close()


def test_a_stopped_source_ends_although_the_line_chatters(line: PtyLine) -> None:
    stop = threading.Event()
    settings = Settings(kind="serial", port=line.path, pattern="x=(.)", other_lines="ignored")
    source = build(settings, MonotonicClock(), stop)
    source.open()
    line.say(*["chatter"] * 20)
    stop.set()
    with pytest.raises(SourceLost, match="being stopped"):
        source.advance()


class Metronome:
    """A port that gives one line per read, each so much later than the one before."""

    def __init__(self, clock: FakeClock, gaps_s: list[float]) -> None:
        self._clock = clock
        self._gaps_s = gaps_s
        self._given = 0

    def read(self, size: int) -> bytes:  # noqa: ARG002 - the Protocol's
        self._clock.advance(self._gaps_s[self._given % len(self._gaps_s)])
        self._given += 1
        return f"{self._given}\n".encode()

    def close(self) -> None:
        pass


def metronome(gaps_s: list[float], window: int = 10) -> SerialLineSource:
    clock = FakeClock()
    settings = Settings(kind="serial", port="/dev/none", rate_hz=10, window=window, read_timeout_s=60)
    return SerialLineSource(settings, lambda _: Metronome(clock, gaps_s), clock, threading.Event())


def test_a_sensor_that_keeps_its_rate_is_heard() -> None:
    source = metronome([0.1, 0.08, 0.12])
    source.open()
    assert all(isinstance(next_of(source), Window) for _ in range(10))


def test_readings_that_are_missing_for_a_while_are_not_glued_over() -> None:
    source = metronome([0.1] * 14 + [3.0] + [0.1] * 1000)
    source.open()
    assert isinstance(next_of(source), Window)
    lost = next_of(source)
    after = next_of(source)
    assert isinstance(lost, BadReading)
    assert lost.cause is Cause.GAP
    assert isinstance(after, Window)
    assert after.values[:, 0].tolist() == [*range(16, 26)] or after.values[0, 0] > 15
