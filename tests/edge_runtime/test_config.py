from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.config import ConfigRejected, load_station
from tests.fakes.stations import FOLDER, write_parts, write_station


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", [100])
    return tmp_path


def problems_of(path: Path) -> str:
    with pytest.raises(ConfigRejected) as caught:
        load_station(path)
    return str(caught.value)


def test_a_good_file_becomes_frozen_values(folder: Path) -> None:
    config = load_station(write_station(folder))
    assert config.points[0].name == "gate"
    assert config.station.device == "line-1"


def test_paths_are_relative_to_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    station = write_station(folder)
    monkeypatch.chdir(folder.parent)
    config = load_station(Path(folder.name) / station.name)
    assert Path(config.points[0].bundle) == folder / "part.bundle"
    assert Path(config.points[0].source.path) == folder / "parts"  # type: ignore[union-attr]
    assert Path(config.station.state_folder) == folder / "state"


def test_an_absolute_path_stays_what_it_is(folder: Path) -> None:
    station = write_station(folder)
    station.write_text(station.read_text().replace("[station]", '[station]\nstate_folder = "/var/lib/lepton-edge"'))
    assert load_station(station).station.state_folder == "/var/lib/lepton-edge"


def test_an_unknown_key_is_an_error_with_the_nearest_right_one(folder: Path) -> None:
    told = problems_of(write_station(folder, FOLDER + "threshhold = 0.5\n"))
    assert "points.0.threshhold: unknown key; did you mean 'threshold'?" in told


def test_an_unknown_key_is_sent_into_no_source_of_another_kind(folder: Path) -> None:
    assert "points.0.fps: unknown key; known keys are " in problems_of(write_station(folder, FOLDER + "fps = 5\n"))


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    station = write_station(folder, FOLDER + "threads = 0\nruntime = 'tensorflow'\n", more="[evidnce]\n")
    told = problems_of(station)
    assert "3 mistakes" in told
    assert "points.0.threads" in told
    assert "points.0.runtime" in told
    assert "did you mean 'evidence'" in told


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    station = write_station(folder)
    station.write_bytes(b"\xef\xbb\xbf" + station.read_bytes())
    assert load_station(station).points[0].name == "gate"


def test_what_is_not_on_the_disk_is_told_at_once(tmp_path: Path) -> None:
    uplink = '[uplink]\nhost = "broker"\npassword_file = "pass"\ntls = { ca = "ca.pem" }\n'
    station = write_station(tmp_path, more=uplink)
    (tmp_path / "part.bundle").unlink()
    told = problems_of(station)
    for wanted in ("points.0.bundle: wanted a bundle", "points.0.source.path: wanted a folder of pictures",
                   "uplink.password_file: wanted a file", "uplink.tls.ca: wanted a file"):  # fmt: skip
        assert wanted in told


def test_a_missing_film_is_told(folder: Path) -> None:
    told = problems_of(write_station(folder, 'source = { kind = "video", path = "belt.avi" }\n'))
    assert "points.0.source.path: wanted a video file, found none" in told


def test_a_film_is_no_folder_of_pictures_and_a_folder_no_film(folder: Path) -> None:
    (folder / "belt.avi").write_bytes(b"RIFF")
    told = problems_of(write_station(folder, 'source = { kind = "folder", path = "belt.avi" }\n'))
    assert re.search(r"wanted a folder of pictures, found the file .*belt\.avi; .*kind = 'video'", told)
    told = problems_of(write_station(folder, 'source = { kind = "video", path = "." }\n'))
    assert re.search(r"wanted a video file, found the folder .*; .*kind = 'folder'", told)


def test_an_interval_shorter_than_the_deadline_is_told(folder: Path) -> None:
    told = problems_of(write_station(folder, FOLDER + 'trigger = { kind = "interval", interval_s = 0.1 }\n'))
    assert "points.0.deadline_ms: wanted at most the interval of 100 ms, found 1000" in told


MICROPHONE = 'source = { kind = "microphone", window_s = 1.0, hop_s = 0.25 }\n'
SCALES = 'source = { kind = "serial", port = "/dev/ttyUSB0", window = 4, rate_hz = 10 }\n'


@pytest.mark.parametrize(("source", "deadline_ms", "more", "needed"), [
    (MICROPHONE, 1000, "", 1250),
    (MICROPHONE, 2499, "", 1250),
    (MICROPHONE, 4000, ", picture_within_ms = 1249.0", 1250),
    (MICROPHONE, 3000, ", delay_ms = 600.0", 1250),
    (SCALES, 1500, "", 800),
])  # fmt: skip
def test_a_window_that_no_announced_part_has_time_for_is_told(
    folder: Path, source: str, deadline_ms: int, more: str, needed: int
) -> None:
    trigger = f'trigger = {{ kind = "gpio", line = 17{more} }}\n'
    told = problems_of(write_station(folder, source + trigger, deadline_ms=deadline_ms))
    assert f"points.0.trigger: wanted picture_within_ms of at least {needed}, the hop and the window" in told


@pytest.mark.parametrize(("source", "deadline_ms", "more"), [
    (MICROPHONE, 2500, ""),
    (MICROPHONE, 1300, ", picture_within_ms = 1250.0"),
    (SCALES.replace(", rate_hz = 10", ""), 1000, ""),
])  # fmt: skip
def test_a_window_that_fits_behind_its_announcement_is_no_mistake(
    folder: Path, source: str, deadline_ms: int, more: str
) -> None:
    trigger = f'trigger = {{ kind = "gpio", line = 17{more} }}\n'
    station = write_station(folder, source + trigger, deadline_ms=deadline_ms)
    assert load_station(station).points[0].trigger.kind == "gpio"


def test_a_camera_that_is_not_there_today_is_no_mistake(folder: Path) -> None:
    source = 'source = { kind = "rtsp", url = "rtsp://camera.invalid/1" }\n'
    assert load_station(write_station(folder, source)).points[0].source.kind == "rtsp"


@pytest.mark.parametrize(("content", "told"), [
    (b"[station", "found a mistake"),
    (b"\xff\xfe", "found other bytes"),
    (b"#" * (2 << 20), "at most 1048576 bytes"),
    (b"", "station: missing; this key is required"),
])  # fmt: skip
def test_what_is_no_configuration_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(content)
    assert told in problems_of(path)


def test_a_missing_file_says_where_an_example_is(tmp_path: Path) -> None:
    assert "run-on-a-board.md" in problems_of(tmp_path / "gone.toml")


def test_an_error_is_the_projects_and_pythons_kind() -> None:
    assert issubclass(ConfigRejected, BadInputError)
    assert issubclass(ConfigRejected, ValueError)


@pytest.mark.parametrize("bundle", ["~nobody-here/part.bundle", "x" * 300])
def test_a_path_that_cannot_be_looked_up_is_told_as_missing(tmp_path: Path, bundle: str) -> None:
    write_parts(tmp_path / "parts", [100])
    station = write_station(tmp_path)
    station.write_text(station.read_text().replace("part.bundle", bundle))
    with pytest.raises(ConfigRejected, match="wanted a bundle, found nothing at"):
        load_station(station)
