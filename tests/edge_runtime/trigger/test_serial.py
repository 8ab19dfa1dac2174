from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from edge_contracts.station import SerialTrigger
from edge_runtime.clock import MonotonicClock
from edge_runtime.terminals.serial_port import LineBuffer
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import build_wire
from tests.edge_runtime.trigger.trigger_contract import TriggerContract
from tests.fakes.serial_line import SerialLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.terminals.wire import Wire
    from edge_runtime.trigger.announcement import Announcement


@dataclass
class Sender:
    port: SerialLine
    text: bytes

    def part(self) -> None:
        self.port.write(self.text)

    def cut(self) -> None:
        self.port.unplug()


@pytest.fixture
def port() -> Iterator[SerialLine]:
    with SerialLine() as line:
        yield line


def wire_to(path: str, **settings: object) -> Wire[Announcement]:
    document = {"kind": "serial", "port": path, **settings}
    return build_wire(SerialTrigger.model_validate(document), "gate", MonotonicClock())


class TestLines(TriggerContract):
    @pytest.fixture
    def line(self, port: SerialLine) -> Sender:
        return Sender(port, b"PART\r\n")

    @pytest.fixture
    def wire(self, port: SerialLine) -> Wire[Announcement]:
        return wire_to(port.path)

    @pytest.fixture
    def absent(self) -> Wire[Announcement]:
        return wire_to("/dev/ttyUSB-none")


class TestBytes(TriggerContract):
    @pytest.fixture
    def line(self, port: SerialLine) -> Sender:
        return Sender(port, b"\x02")

    @pytest.fixture
    def wire(self, port: SerialLine) -> Wire[Announcement]:
        return wire_to(port.path, signal="byte", byte="02")

    @pytest.fixture
    def absent(self) -> Wire[Announcement]:
        return wire_to("/dev/ttyUSB-none", signal="byte")


def test_a_line_is_the_parts_id(port: SerialLine) -> None:
    wire = wire_to(port.path)
    wire.open()
    port.write(b"  A-17 \n\n\r\nB-18\r")
    assert [announced.part for announced in TestLines.heard(wire, 2)] == ["A-17", "B-18"]


def test_a_pattern_finds_the_id_and_says_what_it_could_not_understand(
    port: SerialLine, caplog: pytest.LogCaptureFixture
) -> None:
    wire = wire_to(port.path, pattern=r"^T(\d+)$")
    wire.open()
    port.write(b"T12\nnoise\nT13\n")
    assert [announced.part for announced in TestLines.heard(wire, 2)] == ["12", "13"]
    assert "announces no part (1 so far): 'noise'" in caplog.text


def test_other_bytes_announce_nothing(port: SerialLine) -> None:
    wire = wire_to(port.path, signal="byte", byte="02")
    wire.open()
    port.write(b"\x01\x02\x03\x02")
    assert len(TestBytes.heard(wire, 2)) == 2


def test_a_port_that_another_program_has_is_lost(port: SerialLine) -> None:
    first, second = wire_to(port.path), wire_to(port.path)
    first.open()
    with pytest.raises(WireLost, match="in use by"):
        second.open()


def test_a_line_is_put_together_from_pieces() -> None:
    buffer = LineBuffer()
    assert buffer.lines(b"AB") == []
    assert buffer.lines(b"C\r") == ["ABC"]
    assert buffer.lines(b"\nD\xe9\n") == ["D\\xe9"]


def test_noise_without_an_end_does_not_fill_the_memory() -> None:
    buffer = LineBuffer(most=16)
    for _ in range(100):
        assert buffer.lines(b"x" * 10) == []
    assert buffer.dropped > 900
    assert buffer.lines(b"\nGOOD\n")[-1] == "GOOD"


@pytest.mark.parametrize(
    "keys", [{"byte": "02"}, {"signal": "byte", "pattern": "x"}, {"pattern": "("}, {"signal": "byte", "byte": "2"}]
)
def test_keys_that_contradict_each_other_are_refused(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SerialTrigger.model_validate({"kind": "serial", "port": "/dev/ttyS0", **keys})
