"""DTR and RTS do what the wiring pictures say: through a serial server on the network, and with real esptool."""

import socket
import sys

import pytest
import serial

from firmware_tools.flash import EndState, flash
from firmware_tools.flash.esp32 import Esp32Flasher
from firmware_tools.link import RESETS, LinkLost, open_link, reset
from tests.fakes.esp_rom import EspRom
from tests.fakes.flash_benches import HERE, bench
from tests.fakes.serial_server import SerialServer


def nothing(_):
    """Nobody waits, nobody watches."""


# pyserial's own, in its client.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
@pytest.mark.parametrize(("name", "runs"), [("esp-run", "program"), ("esp-bootloader", "bootloader")])
def test_a_reset_reaches_the_chip(tmp_path, name, runs):
    with EspRom(tmp_path) as chip, SerialServer(chip) as server:
        chip.runs = "neither"
        link = open_link(server.url)
        reset(link, RESETS[name], nothing)
        link.close()
    assert chip.runs == runs


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(LinkLost, match=r"rfc2217://127\.0\.0\.1:9"):
        open_link("rfc2217://127.0.0.1:9")


def test_an_esp_that_runs_its_program_is_reset_flashed_and_started(tmp_path, monkeypatch):
    family = bench("esp32", tmp_path)
    with family.chip() as chip, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as side:
        for name, value in family.environment(chip).items():
            monkeypatch.setenv(name, value)
        chip.boot = False
        chip.power_on()
        assert chip.runs == "program"

        def tell(port):
            side.sendto(bytes([port._dtr_state, port._rts_state]), chip.lines_path)

        for name in ("_update_dtr_state", "_update_rts_state"):
            monkeypatch.setattr(serial.Serial, name, tell)
        flasher = Esp32Flasher(
            family.image,
            lambda: chip.path,
            [sys.executable, str(HERE / "esptool_on_pty.py")],
            baud=115200,
            address=None,
            timeout_s=30.0,
            wired=True,
            stub=False,
            sleep=nothing,
        )
        done = flash(flasher, family.image, expected=None, attempts=1, told=nothing, sleep=nothing)
    assert done.error is None
    assert (done.end_state, family.held(chip)) == (EndState.RUNNING, "new")
    assert chip.runs == "program"
