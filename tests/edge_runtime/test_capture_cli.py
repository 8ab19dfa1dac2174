"""`lepton capture` as a person uses it."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge_runtime.capture.picture_file import read_picture
from edge_runtime.capture_cli import Waiting
from lepton.cli import main
from tests.fakes.clock import FakeClock
from tests.fakes.mjpeg_camera import MjpegCamera
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture, write_picture
from tests.fakes.stations import write_parts

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 30
POINT = '[[points]]\nname = "{name}"\nbundle = "none-yet.bundle"\n{rest}\n'
HEAD = '[station]\norg = "acme"\nsite = "north"\ndevice = "line-1"\n\n'
FOLDER = 'source = { kind = "folder", path = "parts" }'


def station(folder: Path, rest: str = FOLDER, *names: str) -> str:
    path = folder / "station.toml"
    path.write_text(HEAD + "".join(POINT.format(name=name, rest=rest) for name in names or ("gate",)))
    return str(path)


def capture(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["capture", *arguments])


def test_pictures_are_taken_without_a_bundle_through_the_points_region(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [100, 110, 120])
    path = station(tmp_path, FOLDER + "\nregion = { x = 0.5, width = 0.5 }")
    done = capture(path, "--count", "2", "-o", str(tmp_path / "good"))
    assert done.exit_code == 0, done.output
    assert "2 of 2 pictures in " in done.output
    kept = sorted((tmp_path / "good").iterdir())
    assert [each.name for each in kept] == ["gate-0001.png", "gate-0002.png"]
    np.testing.assert_array_equal(read_picture(kept[1]), picture(110, seed=1)[:, WIDTH_PX // 2 :])


def test_dark_frozen_and_broken_pictures_are_skipped_and_told(tmp_path: Path) -> None:
    parts = write_parts(tmp_path / "parts", [100, 2, 3, 120])
    write_picture(parts / "04.png", picture(120, seed=3))
    (parts / "05.png").write_bytes(b"no picture")
    done = capture(
        station(tmp_path, FOLDER + "\nhealth = { frozen_frames = 2 }"), "--count", "9", "-o", str(tmp_path / "good")
    )
    assert done.exit_code == 1
    assert "2 of 9 pictures; skipped: 2 dark, 1 frozen, 1 bad-frame" in done.output
    assert "wanted 9 pictures, found that the source ended after 2" in done.output


def test_a_folder_that_others_may_write_to_stays_where_no_picture_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_parts(tmp_path / "parts", [100])
    monkeypatch.setattr("edge_runtime.recording.album.Album.keep", full)
    done = capture(station(tmp_path), "-o", str(tmp_path / "taken" / "good"))
    assert (done.exit_code, "No space left" in done.output) == (2, True)
    assert list((tmp_path / "taken" / "good").iterdir()) == []


def test_a_second_run_adds_and_writes_nothing_over(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [100, 110])
    path = station(tmp_path)
    for _ in range(2):
        assert capture(path, "--count", "2", "-o", str(tmp_path / "good")).exit_code == 0
    assert len(list((tmp_path / "good").iterdir())) == 4


def test_of_several_points_one_is_chosen_by_name(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [100])
    path = station(tmp_path, FOLDER, "gate", "label")
    refused = capture(path, "--count", "1", "-o", str(tmp_path / "good"))
    assert refused.exit_code == 2
    assert "wanted one inspection point, found gate, label; choose with --point" in refused.output
    assert "wanted the inspection point 'lid'" in capture(path, "--point", "lid", "-o", str(tmp_path / "x")).output
    assert capture(path, "--count", "1", "-o", str(tmp_path / "good"), "--point", "label").exit_code == 0
    assert (tmp_path / "good" / "label-0001.png").exists()


def test_a_point_that_listens_has_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    path = station(tmp_path, 'source = { kind = "sound-files", path = "parts" }')
    refused = capture(path, "-o", str(tmp_path / "good"))
    assert refused.exit_code == 2
    assert "wanted a source of pictures, found that gate listens" in refused.output


def test_the_points_own_trigger_says_when(tmp_path: Path) -> None:
    camera = MjpegCamera(period_s=0.005)
    rest = f'source = {{ kind = "mjpeg", url = "{camera.url}" }}\ntrigger = {{ kind = "interval", interval_s = 0.2 }}'
    path = station(tmp_path, rest + "\ndeadline_ms = 100")
    done = capture(path, "--count", "3", "-o", str(tmp_path / "good"))
    camera.unplug()
    assert done.exit_code == 0, done.output
    shown = [read_picture(each) for each in sorted((tmp_path / "good").iterdir())]
    assert [each.shape for each in shown] == [(HEIGHT_PX, WIDTH_PX, 3)] * 3


def test_whoever_waits_is_told_again_and_again_for_what() -> None:
    clock = FakeClock()
    waiting = Waiting(clock)
    said = []
    for _ in range(25):
        clock.advance(1)
        said.append(waiting.said(came=False, lost="found Connection refused", attempts=7))
    assert [one for one in said if one] == [
        f"no picture for {seconds} s: found Connection refused; still trying, 7 attempts so far; Ctrl-C ends it"
        for seconds in (10, 20)
    ]
    assert waiting.said(came=True, lost=None, attempts=7) == ""
    clock.advance(11)
    told = waiting.said(came=False, lost=None, attempts=7)
    assert told == "no picture for 11 s: the source is open, the trigger has not called; Ctrl-C ends it"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_there_is(tmp_path: Path, number: signal.Signals) -> None:
    camera = MjpegCamera(period_s=0.005)
    path = station(tmp_path, f'source = {{ kind = "mjpeg", url = "{camera.url}" }}')
    command = [sys.executable, "-m", "lepton", "capture", path, "--count", "90000", "-o", str(tmp_path / "good")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    first = running.stderr.readline()
    running.send_signal(number)
    out, _ = running.communicate(timeout=PATIENCE_S)
    camera.unplug()
    assert "gate-0001.png" in first
    assert running.returncode == 130
    assert " of 90000 pictures in " in out
    kept = sorted((tmp_path / "good").iterdir())
    assert len(kept) == int(out.split()[0])
    for each in kept:
        read_picture(each)
