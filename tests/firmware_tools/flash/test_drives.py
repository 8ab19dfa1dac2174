"""An RP2 board's drive: the one that was identified and no other, and gone only when it surely went."""

import errno
import os
from pathlib import Path

import pytest

from firmware_tools.flash import EndState, flash, rp2
from firmware_tools.flash.flasher import ChipSilent, Stage, WriteRefused
from firmware_tools.flash.rom_bootloader import nobody
from firmware_tools.flash.rp2 import Rp2Flasher, block_device, find_drive
from firmware_tools.image import parse_image
from tests.fakes.firmware_images import program, uf2

IMAGE = parse_image(uf2(program(300)))
LARGE = parse_image(uf2(program(8000)))


def plug(folder):
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("Model: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    return folder


def flasher(drive="", image=IMAGE):
    return Rp2Flasher(image, str(drive), timeout_s=0.3, sleep=nobody)


def flashed(drive, attempts):
    made = flasher(drive, LARGE)
    return flash(made, LARGE, expected=None, attempts=attempts, told=nobody, sleep=nobody)


def broken(*_):
    raise OSError(errno.EIO, "Input/output error")


@pytest.fixture
def mounts(tmp_path, monkeypatch):
    monkeypatch.setattr(find_drive, "__defaults__", ((str(tmp_path),),))
    return tmp_path


def test_a_second_board_does_not_make_the_first_ones_drive_gone(mounts):
    plug(mounts / "one")
    made = flasher()
    made.identify()
    plug(mounts / "another")
    made.write(nobody)
    assert (mounts / "one" / "FIRMWARE.UF2").read_bytes() == IMAGE.content
    assert not (mounts / "another" / "FIRMWARE.UF2").exists()
    with pytest.raises(WriteRefused, match="drive still there"):
        made.verify()


def test_a_drive_that_cannot_be_read_is_not_gone(tmp_path, monkeypatch):
    made = flasher(plug(tmp_path / "drive"))
    made.identify()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", lambda _: True)
        patched.setattr(Path, "stat", broken)
        with pytest.raises(WriteRefused, match="drive still there"):
            made.verify()


def test_a_drive_is_gone_with_its_files_or_with_its_device(tmp_path):
    made = flasher(plug(tmp_path / "drive"))
    made.identify()
    made._device = tmp_path / "8:1"  # a mount that a person made stays when the device goes
    made.verify()
    made._device = None
    (tmp_path / "drive" / "INFO_UF2.TXT").unlink()
    made.verify()


def test_a_drives_device_is_found_by_its_number(tmp_path):
    number = tmp_path.stat().st_dev
    assert block_device(tmp_path, tmp_path) is None
    shown = tmp_path / f"{os.major(number)}:{os.minor(number)}"
    shown.mkdir()
    assert block_device(tmp_path, tmp_path) == shown


def test_a_drive_mounted_straight_at_a_known_place_is_found(tmp_path):
    assert find_drive("", [str(plug(tmp_path / "mnt"))]) == tmp_path / "mnt"


def test_each_piece_goes_through_to_the_chip(tmp_path, monkeypatch):
    flags = []

    def noted(path, asked, *more, ask=os.open):
        flags.append(asked)
        return ask(path, asked, *more)

    made = flasher(plug(tmp_path / "drive"))
    monkeypatch.setattr(rp2.os, "open", noted)
    made.write(nobody)
    assert [bool(one & os.O_SYNC) for one in flags] == [True]


class Breaking:
    """The drive's file, of which each write does the next thing of the list, then writes."""

    def __init__(self, *ways, write=os.write):
        self.ways, self.write = list(ways), write

    def __call__(self, end, piece):
        fault = self.ways.pop(0) if self.ways else None
        landed = self.write(end, piece[: rp2.BLOCK_BYTES] if fault else piece)
        if fault:
            raise fault
        return landed


EIO = OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("fault", [EIO, KeyboardInterrupt()])
def test_a_first_write_that_breaks_may_have_reached_the_chip(tmp_path, monkeypatch, fault):
    drive = plug(tmp_path / "drive")
    monkeypatch.setattr(rp2.os, "write", Breaking(fault))
    assert flashed(drive, 1).end_state is EndState.HALF_WRITTEN
    assert (drive / "FIRMWARE.UF2").stat().st_size == rp2.BLOCK_BYTES


@pytest.mark.parametrize("gone", ["file", "drive"])
def test_a_board_that_was_half_written_once_stays_so_when_the_next_attempt_does_not_reach_it(
    tmp_path, monkeypatch, gone
):
    made = flasher(plug(tmp_path / "drive"), LARGE)
    monkeypatch.setattr(rp2.os, "write", Breaking(None, EIO))
    with pytest.raises(ChipSilent) as raised:
        made.write(nobody)
    assert made.settle(Stage.WRITE, raised.value) is EndState.HALF_WRITTEN
    if gone == "file":
        monkeypatch.setattr(rp2.os, "open", broken)
    else:
        (tmp_path / "drive" / "INFO_UF2.TXT").unlink()
    with pytest.raises(ChipSilent) as raised:
        made.write(nobody)
    assert made.settle(Stage.WRITE, raised.value) is EndState.HALF_WRITTEN


def test_a_drive_that_was_never_written_to_leaves_its_board_untouched(tmp_path, monkeypatch):
    drive = plug(tmp_path / "drive")
    monkeypatch.setattr(rp2.os, "open", broken)
    done = flashed(drive, 2)
    assert (done.end_state, done.attempts) == (EndState.UNTOUCHED, 2)


def test_each_attempt_writes_the_file_from_its_beginning(tmp_path, monkeypatch):
    made = flasher(plug(tmp_path / "drive"), LARGE)
    monkeypatch.setattr(rp2.os, "write", Breaking(None, EIO))
    with pytest.raises(ChipSilent):
        made.write(nobody)
    made.write(nobody)
    assert (tmp_path / "drive" / "FIRMWARE.UF2").read_bytes() == LARGE.content
