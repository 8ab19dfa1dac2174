"""The whole daemon at a line: parts announced on a serial port, one verdict each."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from edge_runtime.inspection_point import InspectionPoint
from edge_runtime.service import Daemon
from tests.fakes.gpio import GpioBoard
from tests.fakes.patience import eventually
from tests.fakes.serial_line import SerialLine
from tests.fakes.stations import (
    DEFECT_LEVEL,
    GOOD_LEVEL,
    HangingPredictor,
    StopAfter,
    StopWhenLogged,
    opens,
    run_station,
    write_parts,
    write_station,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


pytestmark = pytest.mark.live

POINT = """
source = {{ kind = "folder", path = "parts", repeat = true }}
trigger = {{ kind = "serial", port = "{port}", interval_s = 0.2 }}
"""


@contextmanager
def parts_on(line: SerialLine, every_s: float) -> Iterator[None]:
    """Announce part after part, P1, P2, …"""
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(every_s):
            number += 1
            line.write(b"P%d\n" % number)

    sender = threading.Thread(target=send, name="parts")
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join(5)


def test_every_announced_part_has_its_verdict_under_its_own_name(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3)
    with SerialLine() as line, parts_on(line, 0.03):
        station = write_station(tmp_path, POINT.format(port=line.path))
        verdicts, summary = run_station(station, lines=StopAfter(8))
    names = [verdict["part"] for verdict in verdicts]
    first = int(names[0][1:])
    assert names == [f"P{number}" for number in range(first, first + len(names))]
    assert {verdict["outcome"] for verdict in verdicts} == {"good"}
    assert summary.left_behind == 0


def test_parts_that_come_faster_than_they_are_judged_are_unknown_and_not_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3)
    with SerialLine() as line:
        station = write_station(tmp_path, POINT.format(port=line.path).replace("0.2", "0.2, queue = 2"))
        lines = Flood(line, count=40)
        verdicts, _ = run_station(station, lines=lines)
    told = [verdict for verdict in verdicts if not verdict["part"].startswith("unseen")]
    assert len({verdict["part"] for verdict in told}) == len(told)
    assert {verdict["cause"] for verdict in told} == {"clean", "missed"}
    assert {verdict["outcome"] for verdict in told if verdict["cause"] == "missed"} == {"unknown"}
    assert "deadline (gate): 3 parts in a row are unknown: missed" in caplog.text


class Flood(StopAfter):
    """Announces many parts in one breath once the first verdict has come, and stops when all have theirs."""

    def __init__(self, line: SerialLine, count: int) -> None:
        super().__init__(count + 1)
        self._line = line
        self._count = count
        self._first = threading.Thread(target=self._begin, name="first-part", daemon=True)
        self._heard = threading.Event()
        self._first.start()

    def _begin(self) -> None:
        while not self._heard.wait(0.1):
            self._line.write(b"FIRST\n")

    def write(self, text: str) -> int:
        if not self._heard.is_set():
            self._heard.set()
            self._line.write(b"".join(b"F%d\n" % number for number in range(self._count)))
        return super().write(text)


FREE_RUNNING = """
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "interval", interval_s = 0.3 }
"""
OUTPUT = """
[[outputs]]
kind = "serial"
name = "reject"
port = "{port}"
fires_for = ["good", "defect", "unknown"]
good = "G {{part}}\\n"
defect = "D {{part}}\\n"
unknown = "U {{part}}\\n"
"""


def test_every_verdict_is_told_to_the_line_in_order(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL, 0, GOOD_LEVEL])
    with SerialLine() as line:
        station = write_station(tmp_path, more=OUTPUT.format(port=line.path))
        _, summary = run_station(station)
        assert line.read(36) == b"G 00.png\nD 01.png\nU 02.png\nG 03.png\n"
    assert summary.left_behind == 0


def test_a_line_that_cannot_be_told_holds_up_no_inspection_and_is_told_as_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    station = write_station(tmp_path, FREE_RUNNING, deadline_ms=200, more=OUTPUT.format(port="/dev/ttyUSB-none"))
    stopped = "the line is told to stop: output reject could not be told of gate 01.png"
    alarm = "output (reject): wanted the serial port /dev/ttyUSB-none"
    verdicts, summary = run_station(station, lines=StopWhenLogged(caplog, stopped, alarm, least=3, most=20))
    assert [verdict["outcome"] for verdict in verdicts[:3]] == ["good", "defect", "good"]
    assert summary.left_behind == 0
    assert stopped in caplog.text
    assert alarm in caplog.text


def test_a_trigger_that_is_not_there_makes_each_interval_unknown_and_is_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    station = write_station(tmp_path, POINT.format(port="/dev/ttyUSB-none"))
    verdicts, summary = run_station(station, lines=StopAfter(3))
    assert {(verdict["outcome"], verdict["cause"]) for verdict in verdicts} == {("unknown", "trigger-lost")}
    assert "wanted the serial port /dev/ttyUSB-none" in verdicts[0]["reason"]
    assert summary.good == 0
    assert "trigger (gate): 3 parts in a row are unknown: trigger-lost" in caplog.text


def test_a_trigger_that_comes_back_is_heard_again(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    port = tmp_path / "trigger"
    with SerialLine() as line, parts_on(line, 0.03):
        station = write_station(tmp_path, POINT.format(port=port))
        lines = Plugs(port, line)
        verdicts, _ = run_station(station, lines=lines)
    causes = [verdict["cause"] for verdict in verdicts]
    assert causes[0] == "trigger-lost"
    assert causes[-1] == "clean"


class Plugs(StopAfter):
    """Plugs the trigger in after the first unknown."""

    def __init__(self, port: Path, line: SerialLine) -> None:
        super().__init__(1000)
        self._port = port
        self._line = line

    def write(self, text: str) -> int:
        if not self._port.exists():
            self._port.symlink_to(self._line.path)
        if '"clean"' in text:
            self.stop.set()
        return super().write(text)


GATE = """
[[outputs]]
kind = "gpio"
name = "nozzle"
line = 27
pulse_ms = 20
gate = { kind = "time", delay_ms = 400, tolerance_ms = 3000 }

[[outputs]]
kind = "gpio"
name = "stop"
role = "stop"
line = 22
"""


class Announces(StopAfter):
    """Announces parts on a pin once the daemon has it, and stops when each has its verdict and has passed the gate."""

    def __init__(
        self, board: GpioBoard, parts: int, every_s: float, after_s: float, then: Callable[[], None] | None = None
    ) -> None:
        super().__init__(1_000)
        self._then = then
        self.moments_ns: list[int] = []
        self._board = board
        self._thread = threading.Thread(target=self._run, args=(parts, every_s, after_s), name="belt", daemon=True)
        self._thread.start()

    def _run(self, parts: int, every_s: float, after_s: float) -> None:
        eventually(lambda: {17, 27, 22} <= {request.offset for request in list(self._board.requests)})
        never = threading.Event()
        for _ in range(parts):
            self.moments_ns.append(time.monotonic_ns())
            self._board.pulse(17, at_ns=self.moments_ns[-1])
            never.wait(every_s)
        never.wait(after_s)
        if self._then is not None:
            self._then()
            eventually(lambda: len(self.verdicts) == parts)
        self.stop.set()


PIN_POINT = """
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "gpio", line = 17 }
"""


def states(board: GpioBoard, line: int) -> list[bool]:
    """The levels one after the other, however often each was said."""
    return [level for level, _ in groupby(high for _, changed, high in board.history if changed == line)]


def pulses(board: GpioBoard, line: int) -> list[int]:
    return [at_ns for at_ns, changed, high in board.history if changed == line and high]


def test_a_defect_is_hit_at_the_gate_behind_the_camera_and_a_good_part_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = GpioBoard().install(monkeypatch)
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    station = write_station(tmp_path, PIN_POINT, more=GATE)
    belt = Announces(board, parts=4, every_s=0.25, after_s=0.6)
    verdicts, summary = run_station(station, lines=belt)
    assert [verdict["outcome"] for verdict in verdicts] == ["good", "defect", "good", "defect"]
    hit = [belt.moments_ns[1], belt.moments_ns[3]]
    assert all(at_ns - begun_ns >= 400_000_000 for at_ns, begun_ns in zip(pulses(board, 27), hit, strict=True))
    assert pulses(board, 22) == []
    assert summary.left_behind == 0


def test_a_part_whose_backend_hangs_does_not_pass_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its deadline is longer than its way: at the gate there is no verdict yet."""
    board = GpioBoard().install(monkeypatch)
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    station = write_station(tmp_path, PIN_POINT, more=GATE, deadline_ms=60_000)
    HangingPredictor.release.clear()
    belt = Announces(board, parts=1, every_s=0.1, after_s=0.7, then=HangingPredictor.release.set)
    verdicts, _ = run_station(station, lines=belt, open_predictor=opens(HangingPredictor))
    assert len(pulses(board, 27)) == 1
    assert [verdict["outcome"] for verdict in verdicts] == ["good"], "it came after the part had gone"


def test_a_part_of_any_trigger_is_expected_at_the_gate_before_it_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = GpioBoard().install(monkeypatch)
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    station = write_station(tmp_path, more=GATE, deadline_ms=60_000)
    HangingPredictor.release.clear()

    def let_go_when_it_was_hit() -> None:
        eventually(lambda: pulses(board, 27))
        HangingPredictor.release.set()

    watcher = threading.Thread(target=let_go_when_it_was_hit, name="watcher", daemon=True)
    watcher.start()
    verdicts, _ = run_station(station, open_predictor=opens(HangingPredictor))
    watcher.join(10)
    assert len(pulses(board, 27)) == 1
    assert [verdict["outcome"] for verdict in verdicts] == ["good"]


RUN = """
[[outputs]]
kind = "gpio"
name = "run"
role = "run"
line = 5
"""
ENDLESS = """
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "interval", interval_s = 0.05 }
"""


class Runs(StopAfter):
    """Stops the daemon once the line may run."""

    def __init__(self, board: GpioBoard) -> None:
        super().__init__(10_000)
        self._board = board

    def write(self, text: str) -> int:
        if self._board.levels.get(5):
            self.stop.set()
        return super().write(text)


def test_the_line_must_not_run_from_before_the_first_point_is_asked_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = GpioBoard().install(monkeypatch)
    levels, ask = list[bool](), InspectionPoint.ask_to_stop

    def asked(point: InspectionPoint) -> None:
        levels.append(board.levels[5])
        ask(point)

    monkeypatch.setattr(InspectionPoint, "ask_to_stop", asked)
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    run_station(write_station(tmp_path, ENDLESS, deadline_ms=50, more=RUN), lines=Runs(board))
    assert levels == [False]
    assert states(board, 5) == [False, True, False]


def test_the_line_must_not_run_while_the_manager_is_waited_for_after_the_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = GpioBoard().install(monkeypatch)
    levels = list[bool]()
    monkeypatch.setattr(Daemon, "_wait_for_the_manager", lambda _: levels.append(board.levels[5]))
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 40)
    point = ENDLESS.replace("repeat = true", "repeat = false")
    run_station(write_station(tmp_path, point, deadline_ms=50, more=RUN))
    assert levels == [False]
    assert states(board, 5) == [False, True, False]
