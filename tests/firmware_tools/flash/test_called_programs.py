"""What the families make of a called program's exit code and words; a script of three lines stands for the program."""

import re

import pytest

from firmware_tools.flash import EndState
from firmware_tools.flash.esp32 import Esp32Flasher
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused
from firmware_tools.flash.mcuboot import McubootFlasher
from firmware_tools.flash.program import HEAD_PIECES, TAIL_PIECES, run_program
from firmware_tools.flash.rom_bootloader import nobody
from firmware_tools.flash.stm32 import Stm32Flasher
from firmware_tools.image import parse_image
from firmware_tools.link import RESETS, LinkLost
from tests.fakes.firmware_images import elf, esp, mcuboot, program
from tests.fakes.port_holder import holding
from tests.fakes.pty_line import PtyLine


def says(text, code=0):
    return ["sh", "-c", f"printf '{text}'; exit {code}", "program"]


def esp32(called, **more):
    asked = {"baud": 115200, "address": None, "timeout_s": 5.0, "wired": False, "stub": False, "sleep": nobody}
    return Esp32Flasher(parse_image(esp()), lambda: "port", called, **{**asked, **more})


def stm32(called):
    return Stm32Flasher(
        parse_image(elf(program(500))), lambda: "port", called, baud=115200, address=None, timeout_s=5.0
    )


@pytest.mark.parametrize("made", [esp32, stm32])
@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Failed to connect to ESP32", EndState.UNTOUCHED),
        ("could not open port /dev/ttyUSB0", EndState.UNTOUCHED),
        ("Writing at 0x00010000... (90 %%)\\nThe port is gone", EndState.HALF_WRITTEN),
        ("Chip type: ESP32\\nChip id: 0x410\\ncould not open port", EndState.HALF_WRITTEN),
        ("", EndState.HALF_WRITTEN),
    ],
)
def test_only_a_program_that_surely_never_reached_the_chip_left_it_untouched(made, said, state):
    flasher = made(says(said, 1))
    with pytest.raises((ChipSilent, WriteRefused)) as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is state


REACHED = "esptool v5.6.0\\nConnecting...\\nChip type:   ESP32-C3 (QFN32)\\n"
USAGE = "Usage: esptool write-flash [OPTIONS]\\n╭─ Error ───╮\\n│ No such option --speed │\\n╰───────────╯"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (f"{REACHED}ERROR: the image will not fit in 2097152 bytes of flash", EndState.UNTOUCHED),
        (f"{REACHED}ERROR: Failed to write to target RAM", EndState.UNTOUCHED),
        (f"{REACHED}Flash will be erased from 0x10000 to 0x12fff...\\nThe port is gone", EndState.HALF_WRITTEN),
        (f"{REACHED}Compressed 8512 bytes to 8407...\\nThe port is gone", EndState.HALF_WRITTEN),
        (f"{REACHED.replace('v5', 'v9')}ERROR: it will not fit", EndState.HALF_WRITTEN),
        (USAGE, EndState.UNTOUCHED),
    ],
)
def test_an_esp_is_untouched_until_esptool_says_that_it_erases(said, state):
    flasher = esp32(says(said, 2))
    with pytest.raises((ChipSilent, WriteRefused)) as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is state


@pytest.mark.parametrize("ending", ["kill -9 $$", "yes more | head -c 40000; exit 2"])
def test_what_esptool_may_have_said_and_was_not_heard_counts_as_an_erase(ending, monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.program.PIECE_BYTES", 64)
    flasher = esp32(["sh", "-c", f"printf '{REACHED}'; {ending}", "program"])
    with pytest.raises(WriteRefused) as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is EndState.HALF_WRITTEN


@pytest.mark.parametrize("made", [esp32, stm32])
@pytest.mark.parametrize("then", [USAGE, "could not open port /dev/ttyUSB0"])
def test_a_chip_that_was_written_once_is_not_untouched_because_the_next_attempt_does_not_reach_it(made, then):
    flasher = made(says("Writing at 0x10000", 2))
    with pytest.raises(WriteRefused):
        flasher.write(nobody)
    flasher._program = says(then, 2)
    with pytest.raises((WriteRefused, ChipSilent)) as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is EndState.HALF_WRITTEN


@pytest.mark.parametrize("made", [esp32, stm32])
def test_a_port_that_is_gone_before_the_program_runs_leaves_the_chip_untouched(made):
    flasher = made(says("never run", 1))

    def gone():
        raise LinkLost("wanted the port, found none; plug it in")

    flasher._port = gone
    with pytest.raises(LinkLost) as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is EndState.UNTOUCHED


@pytest.mark.parametrize("made", [esp32, stm32])
def test_a_program_that_is_stopped_while_it_runs_may_have_written(made):
    def stop(_):
        raise KeyboardInterrupt

    flasher = made(says("1 %%"))
    with pytest.raises(KeyboardInterrupt):
        flasher.write(stop)
    assert flasher.settle(Stage.WRITE, ChipSilent("wanted, found; stopped")) is EndState.HALF_WRITTEN


def test_a_program_too_old_for_its_arguments_is_told_as_such():
    with pytest.raises(
        WriteRefused, match=r"does not know its arguments \(No such option --speed\); install its newest"
    ):
        esp32(says(USAGE, 2)).identify()


@pytest.mark.parametrize("made", [esp32, stm32])
@pytest.mark.parametrize(
    "said", ["the port is busy or does not exist", "Could not configure port: 25, no", "(Permission denied: port)"]
)
def test_a_port_that_does_not_open_is_no_matter_of_the_chip(made, said):
    told = f"found that the port does not open \\({re.escape(said.strip('()'))}\\); check its name and cable"
    with pytest.raises(ChipSilent, match=told):
        made(says(said, 1)).identify()


def smp(path):
    asked = {"baud": 115200, "timeout_s": 0.2, "erase_timeout_s": 0.2, "boot_timeout_s": 0.2, "confirm": True}
    return McubootFlasher(parse_image(mcuboot()), lambda: path, sleep=nobody, **asked)


@pytest.mark.parametrize("family", ["esp32", "stm32", "mcuboot"])
def test_a_chip_that_is_silent_while_another_program_has_the_port_open_is_told_with_its_name(family):
    line = PtyLine()
    flasher = (
        smp(line.path)
        if family == "mcuboot"
        else {"esp32": esp32, "stm32": stm32}[family](says("Failed to connect: no answer", 1))
    )
    flasher._port = lambda: line.path
    # Another test may still hold the end of a line of this number.
    with holding(line.path, "shared") as name, pytest.raises(ChipSilent, match=f"is open in .*{name}.*, too: end"):
        flasher.identify()
    line.unplug()


def test_of_a_long_output_the_head_is_kept(monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.program.PIECE_BYTES", 16)
    beyond = 16 * (HEAD_PIECES + TAIL_PIECES + 10) // 8
    done = run_program(
        ["sh", "-c", f"echo Chip type: ESP32; yes '50.0 %%' | head -{beyond}; echo the end"],
        timeout_s=5.0,
        told=nobody,
    )
    assert done.text.startswith("Chip type: ESP32")
    assert done.text.endswith("the end\n")
    assert len(done.text) <= 16 * (HEAD_PIECES + TAIL_PIECES + 1)


@pytest.mark.parametrize("made", [esp32, stm32])
def test_a_full_disk_before_the_program_runs_leaves_the_chip_untouched(made, monkeypatch):
    flasher = made(says(""))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left") as raised:
        flasher.write(nobody)
    assert flasher.settle(Stage.WRITE, raised.value) is EndState.UNTOUCHED


def test_an_esp_whose_flash_reads_back_otherwise_is_seen():
    with pytest.raises(Mismatch):
        esp32(says("Verification failed (digest mismatch).", 2)).verify()
    with pytest.raises(ChipSilent):
        esp32(says("Failed to connect", 2)).verify()


def test_an_stm32_must_say_that_its_flash_was_compared():
    stm32(says("Verification OK")).verify()
    with pytest.raises(WriteRefused):
        stm32(says("done")).verify()
    with pytest.raises(Mismatch):
        stm32(says("Verification FAILED")).verify()


def test_an_stm32_that_does_not_take_the_start_waits_for_a_reset():
    assert stm32(says("started")).start() is EndState.RUNNING
    assert stm32(says("NACK", 1)).start() is EndState.WAITING


class Lines:
    """A line that notes how its two control lines are moved."""

    def __init__(self):
        self.moved = []

    def set_lines(self, *, dtr, rts):
        self.moved.append((dtr, rts))

    def close(self):
        self.moved.append("closed")


RUN = [*((one.dtr, one.rts) for one in RESETS["esp-run"]), "closed"]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Failed to connect to ESP32-C3: No serial data received.", EndState.RUNNING),
        ("Failed to connect to ESP32-C3: Invalid head of packet (0x1B)", EndState.RUNNING),
        ("Chip type: ESP32-C3 (QFN32)", EndState.WAITING),
        ("Chip type: ESP32-C3 (QFN32)\\nFailed to connect to the flash", EndState.WAITING),
        ("Could not open /dev/ttyUSB0, the port is busy or doesn\\047t exist", EndState.WAITING),
        ("Permission denied", EndState.WAITING),
        ("Could not open /dev/ttyUSB0. Failed to connect to it", EndState.WAITING),
        ("Usage: esptool flash-id [OPTIONS]\\nFailed to connect", EndState.WAITING),
        ("", EndState.WAITING),
    ],
)
def test_an_esp_is_reset_and_runs_only_if_its_bootloader_is_silent(said, state, monkeypatch):
    line = Lines()
    monkeypatch.setattr("firmware_tools.flash.esp32.open_link", lambda *_, **__: line)
    assert esp32(says(said), wired=True).start() is state
    assert line.moved == RUN


@pytest.mark.parametrize("gone", [True, False])
def test_an_esp_that_cannot_be_asked_whether_it_runs_may_wait(gone, monkeypatch):
    monkeypatch.setattr("firmware_tools.flash.esp32.open_link", lambda *_, **__: Lines())
    flasher = esp32(["sleep", "9"], wired=True, timeout_s=0.1)
    ports = iter(["port"])

    def path():
        found = next(ports, "" if gone else "port")
        if not found:
            raise LinkLost("wanted the port, found none; plug it in")
        return found

    flasher._port = path
    assert flasher.start() is EndState.WAITING


def test_an_esp_that_was_only_asked_is_reset(monkeypatch):
    line = Lines()
    monkeypatch.setattr("firmware_tools.flash.esp32.open_link", lambda *_, **__: line)
    esp32(says("")).leave()
    assert line.moved == []
    esp32(says(""), wired=True).leave()
    assert line.moved == RUN


def test_an_esp_whose_port_is_gone_is_let_go_without_words(monkeypatch):
    def gone(*_, **__):
        raise LinkLost("wanted the port, found none; plug it in")

    monkeypatch.setattr("firmware_tools.flash.esp32.open_link", gone)
    esp32(says(""), wired=True).leave()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ESP32-D0WDQ6 (revision v1.0)", "esp32"),
        ("ESP32-D2WD (revision v1.0)", "esp32"),
        ("ESP32-PICO-D4 (revision v1.1)", "esp32"),
        ("ESP32-C3 (QFN32) (revision v0.4)", "esp32c3"),
        ("ESP32-C6FH4 (QFN32) (revision v0.0)", "esp32c6"),
        ("ESP32-C61 (revision v1.0)", "esp32c61"),
        ("ESP32-S2FH4 (revision v0.0)", "esp32s2"),
        ("ESP32-S2R2 (revision v1.0)", "esp32s2"),
        ("ESP32-S3-PICO-1 (LGA56) (revision v0.2)", "esp32s3"),
        ("ESP8684H (revision v1.0)", "esp32c2"),
        ("ESP8685 (QFN28) (revision v0.4)", "esp32c3"),
    ],
)
def test_a_package_has_the_name_of_its_family(said, name):
    assert esp32(says(f"Chip type:          {said}\\n")).identify().name == name


def test_a_chip_that_no_image_names_is_refused():
    with pytest.raises(WriteRefused, match="found ESP8699; flash it by its maker's tool"):
        esp32(says("Chip type:  ESP8699 (revision v0.0)")).identify()
