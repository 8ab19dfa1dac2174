"""Whole rehearsals: the real daemon, real seconds, stand-ins for everything that would reach the world."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_runtime.config import load_station
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from edge_runtime.rehearsal.fault_script import load_script
from edge_runtime.rehearsal.performance import perform
from tests.edge_runtime.test_board_imports import BOARD_ONLY
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.pictures import picture, write_film, write_picture
from tests.fakes.stations import DEFECT_LEVEL, FOLDER, GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.rehearsal.performance import Performance

pytestmark = [pytest.mark.system, pytest.mark.live]
PATIENCE_S = 60
INTERVAL = FOLDER + 'trigger = { kind = "interval", interval_s = 0.1 }\n'
UPLINK = '[uplink]\nhost = "127.0.0.1"\nport = 1\n'


def rehearse(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BOARD_ONLY, "rehearse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def script(folder: Path, *faults: str, level: int = GOOD_LEVEL, recovery_s: float = 2.0) -> Path:
    """Faults of 0.6 s each, 1.2 s apart."""
    write_parts(folder / "good", [level, level])
    tables = [
        f'[[faults]]\nfault = "{fault}"\nat_s = {1 + 1.2 * place}\nfor_s = 0.6\n' for place, fault in enumerate(faults)
    ]
    ends_s = 1 + 1.2 * len(faults)
    path = folder / "faults.toml"
    head = f'pictures = "good"\npictures_per_s = 30\nrecovery_s = {recovery_s}\nlasts_s = {ends_s}\n'
    path.write_text(head + "".join(tables))
    return path


def acted(folder: Path, station: Path, *faults: str) -> Performance:
    return perform(load_station(station), load_script(script(folder, *faults)), folder / "scratch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL, GOOD_LEVEL])
    return tmp_path


def test_the_daemon_keeps_its_promises_and_nothing_reaches_the_world(folder: Path) -> None:
    station = write_station(folder, INTERVAL, deadline_ms=100, more=UPLINK)
    before = sorted(folder.iterdir())
    faults = ("picture-dark", "source-freezes", "backend-nan", "disk-full", "clock-jumps", "bad-reload")
    told = json.loads((done := rehearse(station, "--script", script(folder, *faults), "--json")).stdout)
    assert (done.returncode, told["kept"]) == (0, True), told["faults"]
    assert [fault["fault"] for fault in told["faults"]] == list(faults)
    causes = [set(fault["causes"]) - {"clean"} for fault in told["faults"]]
    assert causes == [{"dark"}, {"frozen"}, {"not-a-number"}, set(), set(), set()]
    assert {path.name for path in folder.iterdir()} - {path.name for path in before} == {"faults.toml", "good"}


def test_a_check_that_is_switched_off_is_a_promise_that_breaks(folder: Path) -> None:
    blind = INTERVAL + "health = { frozen_frames = 0, dark_mean = 0 }\n"
    performance = acted(folder, write_station(folder, blind, deadline_ms=100), "picture-dark", "source-freezes")
    assert not performance.is_kept
    assert all(judgement.broken[0].startswith("wanted every part unknown") for judgement in performance.judgements)


def test_a_backend_that_hangs_makes_its_parts_unknown_and_comes_back(folder: Path) -> None:
    performance = acted(folder, write_station(folder, INTERVAL, deadline_ms=100), "backend-hangs", "backend-fails")
    assert performance.is_kept, performance.judgements
    hung, failed = performance.judgements
    assert set(hung.causes) - {"clean"} == {"backend-hung"}
    assert set(failed.causes) - {"clean"} == {"backend-failed"}


def test_a_reload_that_is_acted_out_is_refused_by_the_daemon(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert acted(folder, write_station(folder, INTERVAL, deadline_ms=100), "bad-reload").is_kept
    assert "the configuration was not reloaded, the old one goes on" in caplog.text


def test_a_clock_that_jumps_is_the_one_of_the_daily_record_too(folder: Path) -> None:
    assert acted(folder, write_station(folder, INTERVAL, deadline_ms=100), "clock-jumps").is_kept
    rows = list(RecordedVerdicts(folder / "scratch" / "state" / "verdicts"))
    in_order = sorted(rows, key=lambda row: row.mono_s)
    assert [round(row.step_s) for row in in_order if row.step_s is not None] == [3600, -3600]


def test_pictures_that_are_never_judged_prove_nothing(folder: Path) -> None:
    dark = script(folder, "picture-bright", level=0)
    performance = perform(
        load_station(write_station(folder, INTERVAL, deadline_ms=100)), load_script(dark), folder / "s"
    )
    assert performance.unfit == ("gate",)
    assert not performance.is_kept


def test_a_broken_promise_is_code_1_and_named(folder: Path) -> None:
    blind = INTERVAL + "health = { dark_mean = 0 }\n"
    station = write_station(folder, blind, deadline_ms=100)
    done = rehearse(station, "--script", script(folder, "picture-dark"))
    assert done.returncode == 1
    assert "BROKEN picture-dark at gate: wanted every part unknown, found" in done.stdout
    assert "promises were BROKEN; stopped:" in done.stdout.splitlines()[-1]


def test_a_fault_at_no_point_of_the_station_is_code_2(folder: Path) -> None:
    station = write_station(folder, INTERVAL, deadline_ms=100)
    path = script(folder, "picture-dark")
    path.write_text(path.read_text() + 'point = "nowhere"\n')
    done = rehearse(station, "--script", path)
    assert done.returncode == 2
    assert "wanted a point among gate, found nowhere" in done.stderr
    assert "kept" not in done.stdout


def test_each_recorded_picture_gets_its_verdict_in_order(folder: Path) -> None:
    done = rehearse(write_station(folder, INTERVAL, deadline_ms=100), "--recording", folder / "parts")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in lines[:3]] == [
        ["000001-00.png", "good"],
        ["000002-01.png", "defect"],
        ["000003-02.png", "good"],
    ]
    assert lines[3] == "3 parts: 2 good, 1 defect, 0 unknown (2 clean, 1 threshold)"
    assert not (folder / "state").exists()


def test_kept_evidence_is_a_recording_in_the_order_of_time_without_its_heat_maps(folder: Path) -> None:
    write_parts(folder / "parts", [DEFECT_LEVEL, 0, DEFECT_LEVEL])
    subprocess.run([sys.executable, "-m", "lepton", "run", str(write_station(folder))], check=True, capture_output=True)
    assert len(list((folder / "state" / "evidence").glob("*/*/*.jpg"))) == 5
    done = rehearse(folder / "station.toml", "--recording", folder / "state" / "evidence", "--json")
    told = json.loads(done.stdout)
    assert [verdict["cause"] for verdict in told["verdicts"]] == ["threshold", "dark", "threshold"]


def test_a_film_is_a_recording(folder: Path) -> None:
    film = write_film(folder / "belt.avi", [picture(GOOD_LEVEL, seed=number) for number in range(6)])
    told = json.loads(rehearse(write_station(folder), "--recording", film, "--json").stdout)
    assert told["outcomes"] == {"good": 6, "defect": 0, "unknown": 0}


def test_another_bundle_s_verdicts_are_compared_part_by_part(folder: Path) -> None:
    write_picture(folder / "parts" / "03.png", picture(180))
    write_brightness_bundle(folder / "strict.bundle", BundleRecipe(threshold=0.8))
    arguments = ("--recording", folder / "parts", "--with-bundle", folder / "strict.bundle")
    done = rehearse(write_station(folder), *arguments, "--quiet")
    assert done.returncode == 0, done.stderr
    assert "the other bundle judges 1 of 4 parts otherwise" in done.stdout
    assert "000004-03.png  defect  →  good" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give one of --recording and --script"),
        (["--recording", "nowhere"], "wanted a recording"),
        (["--recording", "parts", "--point", "lid"], "wanted --point to name one of gate, found lid"),
        (["--script", "nowhere.toml"], "wanted a fault script at"),
    ],
)
def test_wrong_use_is_code_2_and_a_sentence(folder: Path, arguments: list[str], says: str) -> None:
    station = write_station(folder)
    done = rehearse(station, *(str(folder / word) if word == "parts" else word for word in arguments))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
