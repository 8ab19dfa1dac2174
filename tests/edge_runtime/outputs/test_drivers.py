from __future__ import annotations

import os
import select
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from gpiod.line import Drive

from edge_contracts.station import GpioOutput, ModbusOutput, SerialOutput
from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.modbus import words_of
from edge_runtime.outputs.output import Order, Shape, build_output, order_of
from edge_runtime.terminals.wire import WireLost
from tests.edge_runtime.outputs.output_contract import OutputContract, defect
from tests.fakes.gpio import GpioBoard
from tests.fakes.modbus_server import ModbusServer
from tests.fakes.patience import free_port
from tests.fakes.port_holder import holding
from tests.fakes.serial_line import SerialLine, null_modem
from tests.fakes.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_runtime.outputs.output import Output

LINE, COIL, REGISTERS = 27, 8, 40


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> GpioBoard:
    return GpioBoard().install(monkeypatch)


@pytest.fixture
def port() -> Iterator[SerialLine]:
    with SerialLine() as line:
        yield line


@pytest.fixture
def server() -> Iterator[ModbusServer]:
    with ModbusServer(free_port()) as running:
        yield running


@pytest.fixture
def make() -> Iterator[Callable[..., Output]]:
    built: list[Output] = []
    models = {"gpio": GpioOutput, "serial": SerialOutput, "modbus": ModbusOutput}

    def build(kind: str, **keys: Any) -> Output:
        settings = models[kind].model_validate({"kind": kind, "name": "reject", **keys})
        built.append(build_output(settings, MonotonicClock()))
        return built[-1]

    yield build
    for output in built:
        output.close()


@dataclass
class Pin:
    board: GpioBoard
    active_is: bool = True

    def is_active(self) -> bool:
        return self.board.levels[LINE] is self.active_is

    def cut(self) -> None:
        self.board.unplug()


class TestPin(OutputContract):
    @pytest.fixture
    def line(self, board: GpioBoard) -> Pin:
        return Pin(board)

    @pytest.fixture
    def output(self, board: GpioBoard, make: Callable[..., Output]) -> Output:
        assert not board.gone
        return make("gpio", line="REJECT")

    @pytest.fixture
    def absent(self, board: GpioBoard, make: Callable[..., Output]) -> Output:
        assert not board.gone
        return make("gpio", line="OTHER")


class TestPinThatIsActiveLow(TestPin):
    @pytest.fixture
    def line(self, board: GpioBoard) -> Pin:
        return Pin(board, active_is=False)

    @pytest.fixture
    def output(self, board: GpioBoard, make: Callable[..., Output]) -> Output:
        assert not board.gone
        return make("gpio", line=LINE, active="low", drive="open-drain")


@dataclass
class Reader:
    port: SerialLine
    heard: bytes = b""

    def is_active(self) -> bool:
        """Whether something came since the last question."""
        self.heard = b""
        while select.select([self.port.fileno()], [], [], 0.02)[0]:
            self.heard += os.read(self.port.fileno(), 100)
        return bool(self.heard)

    def cut(self) -> None:
        self.port.unplug()


class TestText(OutputContract):
    @pytest.fixture
    def line(self, port: SerialLine) -> Reader:
        return Reader(port)

    @pytest.fixture
    def output(self, port: SerialLine, make: Callable[..., Output]) -> Output:
        return make("serial", port=port.path)

    @pytest.fixture
    def absent(self, make: Callable[..., Output]) -> Output:
        return make("serial", port="/dev/ttyUSB-none")


@dataclass
class Coil:
    server: ModbusServer
    coil: int | None = COIL
    registers: int | None = None
    seen: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def is_active(self) -> bool:
        """Whether the coil is set, or the registers have changed since the last question."""
        if self.coil is not None:
            return bool(self.server.get("coil", self.coil)[0])
        assert self.registers is not None
        before, self.seen = self.seen, self.server.get("holding", self.registers, 4)
        return self.seen != before

    def cut(self) -> None:
        self.server.stop()


def tcp(server: ModbusServer) -> dict[str, Any]:
    return {"kind": "tcp", "host": "127.0.0.1", "port": server.port, "timeout_ms": 5000}


class TestCoilOverTcp(OutputContract):
    @pytest.fixture
    def line(self, server: ModbusServer) -> Coil:
        return Coil(server)

    @pytest.fixture
    def output(self, server: ModbusServer, make: Callable[..., Output]) -> Output:
        return make("modbus", device=tcp(server), coil=COIL)

    @pytest.fixture
    def absent(self, make: Callable[..., Output]) -> Output:
        return make("modbus", device={"kind": "tcp", "host": "127.0.0.1", "port": free_port()}, coil=COIL)


class TestCoilOverRtu(OutputContract):
    @pytest.fixture
    def modem(self) -> Iterator[tuple[str, str]]:
        with null_modem() as ends:
            yield ends

    @pytest.fixture
    def line(self, modem: tuple[str, str]) -> Iterator[Coil]:
        with ModbusServer(modem[0]) as server:
            yield Coil(server)

    @pytest.fixture
    def output(self, modem: tuple[str, str], line: Coil, make: Callable[..., Output]) -> Output:
        assert line.coil
        return make("modbus", device={"kind": "rtu", "port": modem[1], "parity": "none"}, coil=COIL)

    @pytest.fixture
    def absent(self, make: Callable[..., Output]) -> Output:
        return make("modbus", device={"kind": "rtu", "port": "/dev/ttyUSB-none"}, coil=COIL)


class TestCoilAndRegisters(TestCoilOverTcp):
    @pytest.fixture
    def output(self, server: ModbusServer, make: Callable[..., Output]) -> Output:
        return make("modbus", device=tcp(server), coil=COIL, registers=REGISTERS)


def test_an_output_of_the_wrong_polarity_is_never_active_for_a_moment(
    board: GpioBoard, make: Callable[..., Output]
) -> None:
    output = make("gpio", line=LINE, active="low", drive="open-drain")
    output.open()
    assert board.requests[0].settings.drive is Drive.OPEN_DRAIN
    assert [high for _, _, high in board.history] == [True]


def test_texts_are_those_of_the_file_with_the_parts_id(port: SerialLine, make: Callable[..., Output]) -> None:
    output = make("serial", port=port.path, good="ok {part}\r", unknown="? {part}\r", stop="halt\r", idle="-\r")
    assert output.shape is Shape.STROBE
    output.open()
    for outcome in ("good", "unknown"):
        output.fire(order_of(verdict("P7", outcome), 1))
    output.fire(Order(None, "", "", "stop", "because", 3))
    output.idle()
    assert port.read(20) == b"-\rok P7\r? P7\rhalt\r-\r"


def test_the_registers_hold_verdict_part_number_and_count(server: ModbusServer, make: Callable[..., Output]) -> None:
    output = make("modbus", device=tcp(server), registers=REGISTERS)
    assert output.shape is Shape.MESSAGE
    output.open()
    output.fire(defect("LOT-7/000070000", number=65_537))
    assert server.get("holding", REGISTERS, 4) == [2, 1, 70_000 - 65_536, 1]


@pytest.mark.parametrize(
    ("part", "words"), [("no number", (0, 0)), ("A12B34", (0, 34)), (str(2**32 + 5), (0, 5)), ("", (0, 0))]
)
def test_a_part_number_is_the_last_digits_of_the_id(part: str, words: tuple[int, int]) -> None:
    assert words_of(defect(part))[1:3] == words


def test_the_registers_are_written_before_the_coil_rises(server: ModbusServer, make: Callable[..., Output]) -> None:
    output = make("modbus", device=tcp(server), coil=COIL, registers=REGISTERS)
    output.open()
    server.written.clear()
    output.fire(defect())
    assert [address for _, address, _ in server.written] == [REGISTERS, COIL]


def test_a_coil_that_an_earlier_life_left_set_is_cleared(server: ModbusServer, make: Callable[..., Output]) -> None:
    server.set("coil", COIL, 1)
    make("modbus", device=tcp(server), coil=COIL).open()
    assert server.get("coil", COIL) == [False]


def test_a_device_that_dies_in_the_middle_of_a_pulse_is_cleared_when_it_is_back(
    server: ModbusServer, make: Callable[..., Output]
) -> None:
    output = make("modbus", device=tcp(server), coil=COIL)
    output.open()
    output.fire(defect())
    server.stop()
    with pytest.raises(WireLost):
        output.idle()
    server.start()
    server.set("coil", COIL, 1)
    output.open()
    assert server.get("coil", COIL) == [False]


def test_a_port_that_is_not_there_is_told_once(make: Callable[..., Output]) -> None:
    with pytest.raises(WireLost) as caught:
        make("serial", port="/dev/ttyUSB-none").open()
    assert str(caught.value) == (
        "wanted the serial port /dev/ttyUSB-none, found no such file or directory; "
        "check cable, name and the group dialout"
    )


def test_a_port_in_use_is_told_in_words(port: SerialLine, make: Callable[..., Output]) -> None:
    told = "found it in use by {}, which must end first"
    with holding(port.path, "locked") as name, pytest.raises(WireLost, match=told.format(name)):
        make("serial", port=port.path).open()


def test_what_a_modbus_device_refuses_is_told_in_words(server: ModbusServer, make: Callable[..., Output]) -> None:
    with pytest.raises(WireLost, match=r"found that the device says: illegal data address \(2\); check the address"):
        make("modbus", device=tcp(server), coil=60_000).open()
