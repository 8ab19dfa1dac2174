"""A chip whose reset and boot pin are wired runs its program when a port is opened, and after it was closed."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
import serial

from edge_contracts.control_lines import leave_chip_alone
from edge_contracts.station import Microcontroller
from edge_runtime.terminals.serial_port import OpenPort
from firmware_tools.link import open_link
from tests.fakes.esp_rom import EspRom
from tests.fakes.stm32_rom import Stm32Rom


class StraightEsp(EspRom):
    """RTS goes to EN, DTR to GPIO0, without transistors."""

    def lines_changed(self, *, dtr, rts):
        if self._held and not rts:
            self.boot = dtr
            self.power_on()
        self._held = rts


def by_a_tool(path):
    return open_link(path, ports=list)


def by_the_daemon(path):
    port = OpenPort(Microcontroller(name="cell", port=path), leads_to_chip=True)
    port.open()
    return port


@pytest.fixture
def kernel(monkeypatch):
    """Have ports moved as the kernel moves them; gives the function that wires a chip to them."""
    lines = {"dtr": 0, "rts": 0}

    def wire(chip):
        def tell(**moved):
            lines.update(moved)
            with suppress(ConnectionRefusedError):  # the chip is gone
                side.sendto(bytes(lines.values()), chip.lines_path)

        def opened(port):
            tell(dtr=1, rts=1)
            open_port(port)

        def closed(port):
            if port.is_open:
                tell(dtr=0, rts=0)
            close_port(port)

        open_port, close_port = serial.Serial.open, serial.Serial.close
        monkeypatch.setattr(serial.Serial, "open", opened)
        monkeypatch.setattr(serial.Serial, "close", closed)
        monkeypatch.setattr(serial.Serial, "_update_dtr_state", lambda port: tell(dtr=port._dtr_state))
        monkeypatch.setattr(serial.Serial, "_update_rts_state", lambda port: tell(rts=port._rts_state))

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as side:
        yield wire


@pytest.mark.parametrize("opened_by", [by_a_tool, by_the_daemon])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("wired", [Stm32Rom, EspRom, StraightEsp])
def test_a_wired_chip_runs_its_program(tmp_path, kernel, wired, closed, opened_by):
    with wired(tmp_path) as chip:
        chip.runs = "nothing"
        kernel(chip)
        port = opened_by(chip.path)
        if closed:
            port.close()
    assert (chip.runs, chip._held) == ("program", False)
    port.close()


@pytest.mark.parametrize(("device", "asserted"), [("ttyUSB0", False), ("ttyS1", False), ("ttyACM0", True)])
def test_a_chip_with_usb_of_its_own_is_told_that_somebody_listens(tmp_path, device, asserted):
    (tmp_path / device).touch()
    (tmp_path / "by-id").symlink_to(tmp_path / device)
    port = serial.Serial()
    port.port = str(tmp_path / "by-id")
    leave_chip_alone(port)
    assert (port.dtr, port.rts) == (asserted, asserted)
