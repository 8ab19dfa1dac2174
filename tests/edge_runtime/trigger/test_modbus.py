from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.station import ModbusTrigger
from edge_runtime.clock import MonotonicClock
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import build_wire
from tests.edge_runtime.trigger.trigger_contract import TriggerContract
from tests.fakes.modbus_server import ModbusServer
from tests.fakes.patience import free_port
from tests.fakes.serial_line import null_modem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_runtime.terminals.wire import Wire
    from edge_runtime.trigger.announcement import Announcement

COIL, COUNTER, PART, ACK = 5, 7, 20, 6


@pytest.fixture
def wire_to() -> Iterator[Callable[..., Wire[Announcement]]]:
    built: list[Wire[Announcement]] = []

    def build(device: dict[str, Any], **settings: object) -> Wire[Announcement]:
        document = {"kind": "modbus", "device": device, "address": COIL, "poll_ms": 1, **settings}
        built.append(build_wire(ModbusTrigger.model_validate(document), "gate", MonotonicClock()))
        return built[-1]

    yield build
    for wire in built:
        wire.close()


def tcp(port: int | str) -> dict[str, Any]:
    return {"kind": "tcp", "host": "127.0.0.1", "port": port, "timeout_ms": 5000}


@pytest.fixture
def server() -> Iterator[ModbusServer]:
    with ModbusServer(free_port()) as running:
        yield running


@dataclass
class Coil:
    """A part holds the coil until the wire was looked at."""

    server: ModbusServer

    def part(self) -> None:
        self.server.set("coil", COIL, 1)

    def cut(self) -> None:
        self.server.stop()


@dataclass
class Counter(Coil):
    parts: int = 0

    def part(self) -> None:
        self.parts += 1
        self.server.set("holding", COUNTER, self.parts)


class CoilContract(TriggerContract):
    """A coil must fall before it can rise again."""

    def test_each_part_is_announced_once(self, wire: Wire[Announcement], line: Coil) -> None:
        wire.open()
        for _ in range(3):
            line.part()
            assert len(self.heard(wire, 1)) == 1
            line.server.set("coil", COIL, 0)
            assert not wire.wait(0.05)
        assert not wire.wait(0.05)

    def test_what_passed_before_it_was_open_is_not_announced(self, wire: Wire[Announcement], line: Coil) -> None:
        line.part()
        wire.open()
        assert not wire.wait(0.05)
        line.server.set("coil", COIL, 0)
        wire.wait(0.05)
        line.part()
        assert len(self.heard(wire, 1)) == 1


class TestTcpCoil(CoilContract):
    @pytest.fixture
    def line(self, server: ModbusServer) -> Coil:
        return Coil(server)

    @pytest.fixture
    def wire(self, server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to(tcp(server.port))

    @pytest.fixture
    def absent(self, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to(tcp(free_port()))


class TestRtuCoil(CoilContract):
    @pytest.fixture
    def modem(self) -> Iterator[tuple[str, str]]:
        with null_modem() as ends:
            yield ends

    @pytest.fixture
    def line(self, modem: tuple[str, str]) -> Iterator[Coil]:
        with ModbusServer(modem[0]) as server:
            yield Coil(server)

    @pytest.fixture
    def wire(
        self, modem: tuple[str, str], line: Coil, wire_to: Callable[..., Wire[Announcement]]
    ) -> Wire[Announcement]:
        del line
        return wire_to({"kind": "rtu", "port": modem[1], "parity": "none"})

    @pytest.fixture
    def absent(self, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to({"kind": "rtu", "port": "/dev/ttyUSB-none"})


class TestCounter(TriggerContract):
    @pytest.fixture
    def line(self, server: ModbusServer) -> Counter:
        return Counter(server)

    @pytest.fixture
    def wire(self, server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to(tcp(server.port), signal="holding-counter", address=COUNTER)

    @pytest.fixture
    def absent(self, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to(tcp(free_port()), signal="holding-counter", address=COUNTER)


def test_parts_between_two_polls_are_counted(server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]) -> None:
    server.set("holding", COUNTER, 65_534)
    wire = wire_to(tcp(server.port), signal="holding-counter", address=COUNTER)
    wire.open()
    server.set("holding", COUNTER, 2)
    assert [announced.unheard for announced in wire.wait(0.1)] == [3]


@pytest.mark.parametrize(("before", "after"), [(40_000, 0), (40_000, 3), (12, 2_000)])
@pytest.mark.parametrize("is_away", [False, True])
def test_a_counter_that_leaps_is_one_unheard_part_and_a_line_in_the_log_and_not_thousands(
    server: ModbusServer,
    wire_to: Callable[..., Wire[Announcement]],
    caplog: pytest.LogCaptureFixture,
    before: int,
    after: int,
    *,
    is_away: bool,
) -> None:
    server.set("holding", COUNTER, before)
    wire = wire_to(tcp(server.port), signal="holding-counter", address=COUNTER)
    wire.open()
    if is_away:
        wire.close()
    server.set("holding", COUNTER, after)
    if is_away:
        wire.open()
    assert [(one.unheard, one.heard) for one in wire.wait(0.1)] == [(1, False)]
    assert f"leapt from {before} to {after}" in caplog.text
    server.set("holding", COUNTER, after + 1)
    assert [(one.unheard, one.heard) for one in wire.wait(0.1)] == [(0, True)]


@pytest.mark.parametrize("before", [12, 65_533])
def test_what_a_counter_counted_while_the_device_was_away_is_told_as_unheard(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]], before: int
) -> None:
    server.set("holding", COUNTER, before)
    wire = wire_to(tcp(server.port), signal="holding-counter", address=COUNTER)
    wire.open()
    server.stop()
    with pytest.raises(WireLost):
        wire.wait(0.1)
    wire.close()
    server.start()
    server.set("holding", COUNTER, (before + 5) % 65_536)
    wire.open()
    server.set("holding", COUNTER, (before + 6) % 65_536)
    assert [(one.unheard, one.heard) for one in wire.wait(0.1)] == [(5, False), (0, True)]
    assert not wire.wait(0.05)


def test_a_counted_part_whose_number_cannot_be_read_is_told_as_unheard(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = wire_to(tcp(server.port), signal="holding-counter", address=COUNTER, part_register=PART)
    wire.open()
    server.set("holding", COUNTER, 2)

    def gone() -> str:
        raise WireLost("wanted the part's number, found no answer")

    with monkeypatch.context() as broken:
        broken.setattr(wire, "_part", gone)
        with pytest.raises(WireLost):
            wire.wait(0.1)
    wire.open()
    assert [(one.unheard, one.heard) for one in wire.wait(0.1)] == [(2, False)]


@pytest.mark.parametrize("held", [False, True])
def test_a_rise_whose_number_cannot_be_read_is_announced_once(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]], monkeypatch: pytest.MonkeyPatch, *, held: bool
) -> None:
    """At once and without a number where nobody holds the bit; with it where the controller waits."""
    server.set("holding", PART, 7)
    wire = wire_to(tcp(server.port), part_register=PART, **({"acknowledge_coil": ACK} if held else {}))
    wire.open()
    assert not wire.wait(0.05)
    server.set("coil", COIL, 1)
    announced: list[Announcement] = []

    def gone(*_: object) -> list[int]:
        raise WireLost("wanted the part's number, found no answer")

    with monkeypatch.context() as broken:
        broken.setattr(wire._device, "words", gone)
        if not held:
            announced += wire.wait(0.05)
        with pytest.raises(WireLost, match="the part's number"):
            wire.wait(0.05)
    wire.close()
    wire.open()
    for _ in range(3):
        announced += wire.wait(0.05)
    assert [(one.part, one.heard, one.unheard) for one in announced] == [("7" if held else None, True, 0)]


@pytest.mark.parametrize(("words", "part"), [(1, "2"), (2, str(2 * 65_536 + 513))])
def test_the_parts_number_stands_in_a_register(
    server: ModbusServer, words: int, part: str, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    server.set("holding", PART, 2, 513)
    wire = wire_to(tcp(server.port), part_register=PART, part_words=words)
    wire.open()
    server.set("coil", COIL, 1)
    assert [announced.part for announced in TestTcpCoil.heard(wire, 1)] == [part]


def test_a_part_is_acknowledged_after_it_was_announced_and_let_go_when_its_coil_falls(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = wire_to(tcp(server.port), acknowledge_coil=ACK)
    wire.open()
    server.set("coil", COIL, 1)
    assert len(wire.wait(0.05)) == 1
    assert not wire.wait(0.05)
    assert server.get("coil", ACK) == [True]
    server.set("coil", COIL, 0)
    wire.wait(0.05)
    wire.wait(0.05)
    assert server.get("coil", ACK) == [False]


def test_a_held_part_that_came_while_nobody_looked_is_announced(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = wire_to(tcp(server.port), acknowledge_coil=ACK)
    server.set("coil", COIL, 1)
    wire.open()
    assert len(wire.wait(0.05)) == 1


def test_a_part_whose_acknowledgement_fails_is_neither_lost_nor_announced_twice(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = wire_to(tcp(server.port), acknowledge_coil=ACK)
    wire.open()
    server.set("coil", COIL, 1)
    assert len(wire.wait(0.05)) == 1
    server.stop()
    with pytest.raises(WireLost):
        wire.wait(0.05)
    server.start()
    server.set("coil", COIL, 1)
    wire.open()
    assert not wire.wait(0.05)
    assert server.get("coil", ACK) == [True]


def test_a_slow_device_is_lost_within_its_time_out(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = wire_to(tcp(server.port) | {"timeout_ms": 50})
    wire.open()
    server.delay_s = 0.3
    with pytest.raises(WireLost, match="No response"):
        wire.wait(0.05)


def test_an_address_that_the_device_does_not_have_says_so(
    server: ModbusServer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = wire_to(tcp(server.port), address=999)
    with pytest.raises(WireLost, match="check the address"):
        wire.open()
