"""`lepton firmware flash` at a terminal and in a script: dry where nobody watches, a state on every way out."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from firmware_tools.flash_cli import _stoppable
from lepton.cli import main as lepton
from tests.fakes.chip_line import Fault
from tests.fakes.firmware_images import program, uf2
from tests.fakes.flash_benches import bench
from tests.fakes.pty_line import PtyLine


@pytest.fixture
def drive(tmp_path):
    """An RP2 board's bench, with its image as a file."""
    made = bench("rp2", tmp_path)
    (tmp_path / "gate.uf2").write_bytes(made.image.content)
    return made


def run(drive, chip, *arguments):
    path = str(drive.folder / "gate.uf2")
    return CliRunner().invoke(lepton, ["firmware", "flash", path, "--port", chip.path, *arguments])


def test_a_script_writes_nothing_until_it_is_told_to(drive):
    with drive.chip() as chip:
        done = run(drive, chip)
    assert done.exit_code == 0
    assert "nothing was written, for no person watches; give --write" in done.output
    assert done.output.splitlines()[-1].startswith("next    give --write to write; reset the chip if it still waits")
    assert drive.held(chip) == "old"


def test_a_dry_run_says_so_at_a_terminal_too(drive):
    with drive.chip() as chip:
        told = run(drive, chip, "--dry-run").output
        assert json.loads(run(drive, chip, "--json").output)["untold"] in told
    assert "nothing was written, as --dry-run asks\nnote    how large its flash is, is not known" in told
    assert drive.held(chip) == "old"


def test_the_last_lines_are_state_and_next_step(drive):
    with drive.chip() as chip:
        done = run(drive, chip, "--write")
    assert done.exit_code == 0, done.output
    chip_line, state, following = done.output.splitlines()
    assert chip_line.startswith("chip    rp2040")
    assert state.startswith("state   accepted: the chip took every block")
    assert following.startswith("next    ")
    assert drive.held(chip) == "new"


def test_a_script_reads_the_state(drive):
    with drive.chip(Fault("cut", drive.size // 2)) as chip:
        done = run(drive, chip, "--write", "--json", "--attempts", "1")
    document = json.loads(done.output)
    assert done.exit_code == 1
    assert (document["state"], document["done"], document["attempts"]) == ("half-written", False, 1)
    assert "wanted to write" in document["error"]


def test_the_wrong_chip_leaves_with_one(drive):
    with drive.chip(**drive.other) as chip:
        done = run(drive, chip, "--write")
    assert done.exit_code == 1
    assert "error   wanted rp2040, for which the image was built, found rp2350" in done.output
    assert "state   untouched" in done.output


def test_a_port_that_is_not_there_has_a_state_too(drive):
    done = CliRunner().invoke(
        lepton,
        ["firmware", "flash", str(drive.folder / "gate.uf2"), "--port", str(drive.folder / "none"), "--json"],
    )
    assert (done.exit_code, json.loads(done.output)["state"]) == (1, "untouched")


@pytest.mark.parametrize("port", ["/dev/serial/by-id/usb-nothing-here", "nothing-here"])
def test_a_port_that_is_not_there_leaves_with_one_however_it_is_named(tmp_path, port):
    (tmp_path / "gate.bin").write_bytes(bench("mcuboot", tmp_path).image.content)
    done = CliRunner().invoke(lepton, ["firmware", "flash", str(tmp_path / "gate.bin"), "--port", port])
    assert (done.exit_code, "state   untouched" in done.output) == (1, True)


def test_an_image_that_does_not_fit_leaves_with_one_as_the_wrong_chip_does(drive):
    content = uf2(program(300), start=0x10FFFF00)
    (drive.folder / "gate.uf2").write_bytes(content)
    with drive.chip() as chip:
        done = run(drive, chip)
    assert (done.exit_code, "found 0x10ffff00 to 0x110000ff" in done.output) == (1, True)


def process(drive, chip, *arguments, **streams):
    command = [sys.executable, "-m", "lepton", "firmware", "flash", str(drive.folder / "gate.uf2"), "--port", chip.path]
    return subprocess.Popen([*command, *arguments], **streams)


def test_at_a_terminal_it_writes_and_shows_how_far_it_is(drive):
    person, terminal = os.openpty()
    with drive.chip() as chip, process(drive, chip, stdin=terminal, stdout=terminal, stderr=terminal) as child:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal ends with the command
            while piece := os.read(person, 4096):
                shown += piece
        assert child.wait(20) == 0
    os.close(person)
    assert b"writing" in shown
    assert b"state   accepted" in shown
    assert drive.held(chip) == "new"


def test_a_command_that_is_told_to_stop_says_in_which_state_the_chip_is(drive):
    fault = Fault("silent", drive.size // 2, 99)
    with drive.chip(fault) as chip, process(drive, chip, "--write", "--json", stdout=subprocess.PIPE) as child:
        assert chip.ignores.wait(20)
        child.terminate()
        document = json.loads(child.communicate(timeout=20)[0])
        assert child.returncode == 130
    assert (document["state"], document["done"]) == ("half-written", False)


@contextlib.contextmanager
def handled(number, how):
    before = signal.signal(number, how)
    try:
        yield
    finally:
        signal.signal(number, before)


def hung_esptool(folder):
    """An esptool that finds its chip, tells its own process as soon as its words are read while it writes, and hangs.

    It says more than a pipe holds: when all is out, somebody listens.
    """
    path = folder / "esptool"
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in *write-flash*) head -c 200000 /dev/zero; echo $$ > "$0.writing"; exec sleep 60;; esac\n'
        "echo 'Chip type: ESP32-C3 (QFN32)'\n"
    )
    path.chmod(0o755)
    os.mkfifo(folder / "esptool.writing")
    return folder / "esptool.writing"


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_stop_leaves_no_program_that_writes(tmp_path, by):
    writing, line = hung_esptool(tmp_path), PtyLine()
    (tmp_path / "gate.bin").write_bytes(bench("esp32", tmp_path).image.content)
    command = [sys.executable, "-m", "lepton", "firmware", "flash", str(tmp_path / "gate.bin"), "--port", line.path]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command += ["--write", "--json", "--by-hand"]
    with (
        handled(by, signal.SIG_DFL),  # what runs these tests may ignore it
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child,
    ):
        program = int(writing.read_text())
        child.send_signal(by)
        document = json.loads(child.communicate(timeout=20)[0] or "{}")
    line.unplug()
    with pytest.raises(ProcessLookupError):
        os.kill(program, signal.SIGKILL)
    assert (child.returncode, document["state"], document["done"]) == (130, "half-written", False)


def test_a_command_that_outlives_its_terminal_is_left_alone():
    with handled(signal.SIGHUP, signal.SIG_IGN), _stoppable():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_who_is_told_to_stop_twice_stops_once():
    before = signal.getsignal(signal.SIGTERM)
    with handled(signal.SIGHUP, signal.SIG_DFL), _stoppable():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("arguments", [("--write", "--dry-run"), ("--family", "stm32"), ("--attempts", "0")])
def test_wrong_use_leaves_with_two(drive, arguments):
    with drive.chip() as chip:
        assert run(drive, chip, *arguments).exit_code == 2
    assert drive.held(chip) == "old"


@pytest.mark.parametrize("address", ["here", "-0x1000", "0x100000000"])
def test_what_is_no_address_of_32_bits_leaves_with_two(drive, address):
    with drive.chip() as chip:
        done = run(drive, chip, "--address", address)
    assert done.exit_code == 2
    assert "wanted a number such as 0x10000, at most 0xffffffff, found" in " ".join(done.output.split())


def test_a_serial_family_without_a_port_is_wrong_use(tmp_path):
    made = bench("stm32", tmp_path)
    (tmp_path / "gate.bin").write_bytes(made.image.content)
    done = CliRunner().invoke(lepton, ["firmware", "flash", str(tmp_path / "gate.bin")])
    assert done.exit_code == 2
    assert "give --port, best from /dev/serial/by-id" in done.output


@pytest.mark.parametrize("family", ["mcuboot", "esp32"])
def test_a_serial_chip_is_flashed_by_the_command(tmp_path, monkeypatch, family):
    made = bench(family, tmp_path)
    path = tmp_path / "gate.bin"
    path.write_bytes(made.image.content)
    with made.chip() as chip:
        for name, value in made.environment(chip).items():
            monkeypatch.setenv(name, value)
        by_hand = ["--by-hand", "--no-stub"] if family == "esp32" else []
        named = ["--chip", made.expected] if made.expected else []
        done = CliRunner().invoke(
            lepton, ["firmware", "flash", str(path), "--port", chip.path, "--write", *by_hand, *named]
        )
    assert done.exit_code == 0, done.output
    assert made.held(chip) == "new"
