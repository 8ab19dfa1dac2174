"""All outputs of a station together, on real wires: a GPIO chip behind libgpiod's interface, a real Modbus device."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import StationConfig
from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.output import build_output
from edge_runtime.outputs.panel import Panel
from tests.fakes.gpio import GpioBoard
from tests.fakes.modbus_server import ModbusServer
from tests.fakes.outputs import HangingOutput
from tests.fakes.patience import eventually, free_port
from tests.fakes.serial_line import SerialLine
from tests.fakes.verdicts import inspected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REJECT, STOP, RUN, ENCODER = 27, 22, 5, 6
STATION = {
    "station": {"org": "acme", "site": "north", "device": "line-1"},
    "points": [{"name": "gate", "bundle": "b", "source": {"kind": "folder", "path": "p"}}],
}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> GpioBoard:
    return GpioBoard().install(monkeypatch)


@pytest.fixture
def panel_of() -> Iterator[Callable[..., Panel]]:
    """Start a panel of these outputs."""
    running: list[Panel] = []

    def start(*outputs: dict[str, Any], **options: Any) -> Panel:
        panel = Panel(StationConfig.model_validate(STATION | {"outputs": outputs}).outputs, MonotonicClock(), **options)
        panel.start()
        running.append(panel)
        eventually(lambda: not any(panel.lost.values()))
        return panel

    yield start
    for panel in running:
        panel.stop()


def pin(name: str, line: int, **keys: Any) -> dict[str, Any]:
    patient = {} if "role" in keys else {"gate": {"kind": "at-once", "tolerance_ms": 5000}}
    return {"kind": "gpio", "name": name, "line": line, "pulse_ms": 30, **patient, **keys}


def rises(board: GpioBoard, line: int) -> int:
    return sum(high for _, changed, high in board.history if changed == line)


def wait_for_the_encoder(panel: Panel) -> None:
    """Until its first reading, before which nobody knows where a part is."""
    eventually(lambda: panel._verdicts[0]._belt.position(now_ns()) is not None)


def now_ns() -> int:
    return MonotonicClock.now_ns()


def test_a_defect_makes_one_pulse_of_its_length_on_its_pin(board: GpioBoard, panel_of: Callable[..., Panel]) -> None:
    panel = panel_of(pin("reject", REJECT))
    panel.take(inspected("1", "good", triggered_at_ns=1))
    panel.take(inspected("2", "defect", triggered_at_ns=2))
    eventually(lambda: panel.counts["reject"].fired == 1 and not board.levels[REJECT])
    ((begun_ns, _, _), (ended_ns, _, _)) = [one for one in board.history if one[1] == REJECT][1:]
    assert ended_ns - begun_ns >= 30_000_000
    assert panel.counts["reject"].passed == 1


def test_a_pulse_comes_when_the_part_is_at_the_gate_and_not_before(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    panel = panel_of(pin("reject", REJECT, gate={"kind": "time", "delay_ms": 150, "tolerance_ms": 3000}))
    at_ns = now_ns()
    panel.expect("gate", at_ns, at_ns)
    panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
    eventually(lambda: rises(board, REJECT) == 1)
    assert now_ns() - at_ns >= 150_000_000


def test_an_encoder_on_a_pin_brings_the_part_to_the_gate(board: GpioBoard, panel_of: Callable[..., Panel]) -> None:
    gate = {"kind": "encoder", "counts": 50, "tolerance_counts": 20, "encoder": {"kind": "gpio", "line": ENCODER}}
    panel = panel_of(pin("reject", REJECT, gate=gate))
    wait_for_the_encoder(panel)
    at_ns = now_ns()
    panel.expect("gate", at_ns, at_ns)
    panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
    for _ in range(49):
        board.pulse(ENCODER)
    threading.Event().wait(0.05)
    assert rises(board, REJECT) == 0
    board.pulse(ENCODER)
    eventually(lambda: rises(board, REJECT) == 1)
    assert panel.guard.stops == 0
    threading.Event().wait(0.05)
    assert board.levels[REJECT], "the belt stands with the part at the gate"
    for _ in range(21):
        board.pulse(ENCODER)
    eventually(lambda: not board.levels[REJECT])


def test_an_encoder_that_is_lost_stops_the_line_while_a_part_is_on_its_way(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    with SerialLine() as line:
        gate = {"kind": "encoder", "counts": 50, "tolerance_counts": 5}
        gate["encoder"] = {"kind": "serial", "port": line.path}
        panel = panel_of(pin("reject", REJECT, gate=gate), pin("stop", STOP, role="stop"))
        line.write(b"100\n110\n")
        wait_for_the_encoder(panel)
        at_ns = now_ns()
        panel.expect("gate", at_ns, at_ns)
        panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
        line.unplug()
        eventually(lambda: rises(board, STOP) == 1)
        assert "the encoder was lost while it was on its way" in str(panel.guard.last_stop)
        assert panel.lost["reject"] is not None


def test_a_counting_register_brings_the_part_to_the_gate(board: GpioBoard, panel_of: Callable[..., Panel]) -> None:
    with ModbusServer(free_port()) as server:
        device = {"kind": "tcp", "host": "127.0.0.1", "port": server.port, "timeout_ms": 5000}
        server.set("holding", 3, 65_500)
        encoder = {"kind": "modbus", "device": device, "address": 3, "poll_ms": 1}
        gate = {"kind": "encoder", "counts": 100, "tolerance_counts": 500, "encoder": encoder}
        panel = panel_of(pin("reject", REJECT, gate=gate))
        wait_for_the_encoder(panel)
        at_ns = now_ns()
        panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
        server.set("holding", 3, 65_530)
        threading.Event().wait(0.05)
        assert rises(board, REJECT) == 0
        server.set("holding", 3, 70)
        eventually(lambda: rises(board, REJECT) == 1)


def test_a_device_that_dies_stops_the_line_and_drops_the_run_signal(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    with ModbusServer(free_port()) as server:
        told: list[tuple[str, str | None]] = []
        device = {"kind": "tcp", "host": "127.0.0.1", "port": server.port, "timeout_ms": 50}
        coil = {"kind": "modbus", "name": "reject", "device": device, "coil": 8}
        panel = panel_of(
            coil,
            pin("stop", STOP, role="stop"),
            pin("run", RUN, role="run", hold_s=0.2),
            tell=lambda where, reason: told.append((where, reason)),
        )
        alive = Alive(panel)
        eventually(lambda: board.levels[RUN])
        server.stop()
        panel.take(inspected("1", "unknown", triggered_at_ns=1))
        eventually(lambda: rises(board, STOP) == 1)
        eventually(lambda: not board.levels[RUN])
        server.start()
        eventually(lambda: panel.lost["reject"] is None)
        eventually(lambda: board.levels[RUN])
        alive.end()
        assert panel.guard.stops == 1
        assert ("line", panel.guard.last_stop) in told
        assert any(where == "reject" and reason and "Modbus" in reason for where, reason in told)


def test_a_device_that_answers_too_slowly_stops_the_line_although_the_coil_was_set(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    with ModbusServer(free_port()) as server:
        device = {"kind": "tcp", "host": "127.0.0.1", "port": server.port, "timeout_ms": 2000}
        gate = {"kind": "time", "delay_ms": 100, "tolerance_ms": 30}
        panel = panel_of(
            {"kind": "modbus", "name": "reject", "device": device, "coil": 8, "gate": gate},
            pin("stop", STOP, role="stop"),
            pin("run", RUN, role="run"),
        )
        server.delay_s = 1.0
        at_ns = now_ns()
        panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
        eventually(lambda: rises(board, STOP) >= 1)
        assert panel.counts["reject"].late == 0, "the guard saw it before the device had answered"
        eventually(lambda: panel.counts["reject"].late == 1)
        server.delay_s = 0.0


def test_an_output_that_hangs_with_a_part_at_its_gate_stops_the_line_though_nothing_else_looks(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    hanging = HangingOutput()
    gate = {"kind": "time", "delay_ms": 20, "tolerance_ms": 20}
    panel = panel_of(
        pin("reject", REJECT, gate=gate),
        pin("stop", STOP, role="stop"),
        build=lambda one, clock: hanging if one.name == "reject" else build_output(one, clock),
    )
    panel.take(inspected("1", "defect", triggered_at_ns=now_ns()))
    eventually(lambda: rises(board, STOP) == 1)
    assert panel.guard.last_stop == "output reject could not be told of gate 1: it hangs"
    hanging.let_go.set()
    eventually(lambda: panel.counts["reject"].late == 1)
    assert panel.guard.stops == 1, "the part that was told of is not told of again"


def test_a_stop_output_that_hangs_keeps_no_other_from_stopping_the_line(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    hanging = HangingOutput()
    panel = panel_of(
        pin("reject", REJECT),
        pin("stop-1", 1, role="stop"),
        pin("stop-2", STOP, role="stop"),
        build=lambda one, clock: hanging if one.name == "stop-1" else build_output(one, clock),
    )
    for times in (1, 2):
        panel.guard.call_stop(f"part {times} could not be told")
        eventually(lambda: rises(board, STOP) == times and not board.levels[STOP])  # noqa: B023 - used up in its turn
    assert panel.counts["stop-1"].fired == 0
    hanging.let_go.set()
    eventually(lambda: panel.counts["stop-1"].fired == 2)


def test_when_the_daemon_stops_parts_on_their_way_are_told_and_the_run_signal_is_dropped(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    panel = panel_of(
        pin("reject", REJECT, gate={"kind": "time", "delay_ms": 200, "tolerance_ms": 3000}), pin("run", RUN, role="run")
    )
    alive = Alive(panel)
    eventually(lambda: board.levels[RUN])
    at_ns = now_ns()
    panel.take(inspected("1", "defect", triggered_at_ns=at_ns))
    alive.end()
    assert panel.stop()
    assert rises(board, REJECT) == 1
    assert panel.guard.stops == 0
    assert not any(board.levels[line] for line in (REJECT, RUN))
    assert board.requests == []


def test_parts_that_cannot_be_told_before_the_end_stop_the_line(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    panel = panel_of(pin("reject", REJECT, gate={"kind": "time", "delay_ms": 60_000}), pin("stop", STOP, role="stop"))
    panel.take(inspected("1", "defect", triggered_at_ns=now_ns()))
    assert panel.stop(2.2)
    assert rises(board, STOP) == 1
    assert rises(board, REJECT) == 0


def test_the_run_signal_is_dropped_before_the_parts_on_their_way_are_told(
    board: GpioBoard, panel_of: Callable[..., Panel]
) -> None:
    gate = {"kind": "time", "delay_ms": 800, "tolerance_ms": 3000}
    panel = panel_of(pin("reject", REJECT, gate=gate), pin("run", RUN, role="run"))
    panel.alive()
    eventually(lambda: board.levels[RUN])
    panel.take(inspected("1", "defect", triggered_at_ns=now_ns()))
    assert panel.stop()
    changes = [(line, high) for _, line, high in board.history]
    dropped = changes.index((RUN, False), changes.index((RUN, True)))
    assert dropped < changes.index((REJECT, True))


def test_run_signals_are_dropped_while_parts_are_still_told(board: GpioBoard, panel_of: Callable[..., Panel]) -> None:
    panel = panel_of(pin("reject", REJECT), pin("run", RUN, role="run"))
    alive = Alive(panel)
    eventually(lambda: board.levels[RUN])
    panel.drop_run_signals()
    assert not board.levels[RUN]
    panel.take(inspected("1", "defect", triggered_at_ns=1))
    eventually(lambda: rises(board, REJECT) == 1)
    alive.end()
    assert not board.levels[RUN], "a sign of life does not bring it back"


def test_a_run_signal_that_hangs_does_not_hold_up_the_stop(panel_of: Callable[..., Panel], board: GpioBoard) -> None:
    hanging = HangingOutput()
    panel = panel_of(
        pin("run-1", 1, role="run"),
        pin("run-2", RUN, role="run"),
        build=lambda one, clock: hanging if one.name == "run-1" else build_output(one, clock),
    )
    panel.alive()
    eventually(lambda: board.levels[RUN])
    begun_ns = now_ns()
    panel.drop_run_signals()
    assert now_ns() - begun_ns < 2_000_000_000
    assert not board.levels[RUN]
    hanging.let_go.set()


@pytest.mark.usefixtures("board")
def test_alarms_of_outputs_that_are_gone_are_over() -> None:
    lasting: dict[str, str] = {}
    ever: set[str] = set()

    def tell(where: str, reason: str | None) -> None:
        lasting.pop(where, None)
        if reason is not None:
            lasting[where] = reason
            ever.add(where)

    device = {"kind": "tcp", "host": "127.0.0.1", "port": free_port(), "timeout_ms": 50}
    outputs = [
        {"kind": "modbus", "name": "reject", "device": device, "coil": 8},
        pin("late", REJECT, gate={"kind": "time", "delay_ms": 60_000}),
    ]
    panel = Panel(StationConfig.model_validate(STATION | {"outputs": outputs}).outputs, MonotonicClock(), tell=tell)
    panel.start()
    eventually(lambda: panel.lost["late"] is None)
    panel.alive()
    assert "reject" in lasting
    panel.take(inspected("1", "defect", triggered_at_ns=now_ns()))
    panel.stop(2.2)
    assert ever == {"reject", "line"}
    assert lasting == {}


def test_a_missing_library_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    outputs = StationConfig.model_validate(STATION | {"outputs": [pin("reject", REJECT)]}).outputs
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[gpio\]"):
        Panel(outputs, MonotonicClock())


class Alive:
    """The daemon's loop, which says that all is well."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alive")
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self._panel.alive()


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        ([pin("a", 1), pin("a", 2)], "different names"),
        ([pin("a", 1, points=["other"])], "points among gate, found other"),
        ([pin("a", 1, fires_for=["defect"])], "a part that could not be judged would pass"),
        ([pin("a", 1, role="stop", points=["gate"])], "points belong to role"),
        ([pin("a", 1, beat_ms=100)], "beat_ms belong to role"),
        ([{"kind": "modbus", "name": "a", "device": {"kind": "tcp", "host": "x"}}], "wanted coil"),
    ],
)
def test_outputs_that_cannot_be_meant_are_refused(outputs: list[dict[str, Any]], wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        StationConfig.model_validate(STATION | {"outputs": outputs})
