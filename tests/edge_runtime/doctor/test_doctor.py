"""The doctor on whole stations: what it finds in a healthy one, and in one with each thing wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from edge_contracts.topics import DeviceAddress
from edge_runtime.clock import MonotonicClock
from edge_runtime.config import load_station
from edge_runtime.doctor import model, takt_time
from edge_runtime.doctor.patient import Chart, Patient, SourceReading
from edge_runtime.doctor.round import examine
from edge_runtime.doctor.running_daemon import daemon_on
from edge_runtime.frames import Frame
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.edge_runtime.test_board_imports import BOARD_ONLY
from tests.fakes.chip_station import write_chip_station
from tests.fakes.firmware import built
from tests.fakes.firmware_line import ChipLine
from tests.fakes.models import BundleRecipe
from tests.fakes.old_broker import REFUSED_AS_NEW, old_broker
from tests.fakes.pictures import picture, write_film
from tests.fakes.pty_line import PtyLine
from tests.fakes.sound_bundles import write_loudness_bundle
from tests.fakes.sounds import RATE_HZ, noise, write_sound
from tests.fakes.stations import DEFECT_LEVEL, FOLDER, GOOD_LEVEL, THRESHOLD, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60
FILM = 'source = { kind = "video", path = "belt.avi", pace = "fast" }\n'
RTSP = 'source = { kind = "rtsp", url = "rtsp://127.0.0.1:1/cam", open_timeout_s = 0.5 }\n'


def doctor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BOARD_ONLY, "doctor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def patient(station: Path, **changes: Any) -> Patient:
    return Patient(load_station(station), station, MonotonicClock(), **{"watch_s": 1.0, **changes})


def standing(station: Path, check: str, *, name: str = "", **changes: Any) -> tuple[str, str]:
    """The first finding of a check, after those that it builds on."""
    checks = {"takt_time": ("camera", "model", "takt_time")}.get(check, (check,))
    name = name or check.replace("_", " ")
    found = [one for one in examine(patient(station, **changes), checks) if one.check == name]
    return found[0].standing.value, f"{found[0].found} {found[0].next_step}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    return tmp_path


def test_a_healthy_station_is_fit_on_a_board_without_the_workbench_and_keeps_nothing(folder: Path) -> None:
    station = write_station(folder)
    before = sorted(folder.rglob("*"))
    done = doctor(station, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["fit"]
    camera = next(one for one in told["findings"] if one["check"] == "camera")
    assert camera["found"].startswith("folder: 2 pictures of 64×48")
    assert sorted(folder.rglob("*")) == before


def test_the_table_ends_with_the_counts_and_a_failure_is_code_1(folder: Path) -> None:
    station = write_station(folder)
    (folder / "part.bundle").write_text("no bundle")
    done = doctor(station)
    assert done.returncode == 1
    assert "FAILED   model      gate  wanted a bundle" in done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1]


def test_a_wrong_configuration_is_code_2(folder: Path) -> None:
    done = doctor(write_station(folder, 'sauce = "tomato"\n'))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_lamp_that_is_off_is_found(folder: Path) -> None:
    write_parts(folder / "parts", [0, 0])
    found, said = standing(write_station(folder), "camera")
    assert found == "failed"
    assert "2 dark" in said
    assert "is the light off?" in said


def test_of_a_watched_folder_no_part_is_taken(folder: Path) -> None:
    station = write_station(folder, 'source = { kind = "folder", path = "parts", watch = true, after = "delete" }\n')
    before = sorted(folder.rglob("*"))
    found, said = standing(station, "camera")
    assert found == "ok"
    assert "is watched" in said
    assert sorted(folder.rglob("*")) == before


def test_a_frozen_camera_is_found(folder: Path) -> None:
    write_film(folder / "belt.avi", [picture(GOOD_LEVEL)] * 10)
    found, said = standing(write_station(folder, FILM), "camera")
    assert found == "failed"
    assert "9 frozen" in said


def test_a_camera_that_is_not_there_is_found(folder: Path) -> None:
    found, said = standing(write_station(folder, RTSP), "camera")
    assert found == "failed"
    assert "every part unknown" in said


def test_sounds_that_the_model_cannot_take_are_counted_as_the_daemon_does(folder: Path) -> None:
    sounds = folder / "sounds"
    sounds.mkdir()
    write_sound(sounds / "1.wav", noise(1.0))
    write_sound(sounds / "2.wav", noise(0.05))
    write_sound(sounds / "3.wav", noise(1.0), rate_hz=RATE_HZ + 1)
    write_sound(sounds / "4.wav", noise(1.0, level=0.0))
    station = write_station(folder, 'source = { kind = "sound-files", path = "sounds" }\n')
    write_loudness_bundle(folder / "part.bundle")
    found, said = standing(station, "camera", name="sounds")
    assert found == "failed"
    assert said.startswith("3 of 4 cannot be judged: 2 bad-frame, 1 quiet")


@pytest.mark.parametrize("port", ["/dev/none", ""], ids=["unplugged", "silent"])
def test_a_model_that_listens_is_timed_whether_or_not_its_sensor_is_there(folder: Path, port: str) -> None:
    line = PtyLine()
    source = f'source = {{ kind = "serial", port = "{port or line.path}", window = 4, read_timeout_s = 0.5 }}\n'
    station = write_station(folder, source)
    write_loudness_bundle(folder / "part.bundle", shape=(1, 4), samples=4, step=4, rate_hz=None)
    findings = list(examine(patient(station), ("camera", "model")))
    line.unplug()
    timed = [one.found for one in findings if one.check == "model" and "p95" in one.found]
    assert len(timed) == 1, [one.found for one in findings]
    assert "a window of silence" in timed[0]


def test_a_microphone_is_heard_with_the_daemon_s_own_ears(folder: Path) -> None:
    (folder / "sounds").mkdir()
    write_sound(folder / "sounds" / "a.wav", noise(3.0))
    source = 'source = { kind = "sound-files", path = "sounds", window_s = 1.0 }\n'
    station = write_station(folder, source)
    found, said = standing(station, "camera", name="sounds")
    assert found == "ok"
    assert "sound-files: 3 windows of 1 s at 8000 Hz, largest value" in said
    write_sound(folder / "sounds" / "a.wav", noise(3.0, level=0.0))
    assert standing(station, "camera", name="sounds")[0] == "failed"


def test_goldens_that_are_answered_otherwise_are_found(folder: Path) -> None:
    found, said = standing(write_station(folder, recipe=BundleRecipe(golden_score=0.9)), "model")
    assert found == "failed"
    assert "convert the model again for this board" in said


def test_a_bundle_without_goldens_is_a_warning(folder: Path) -> None:
    assert standing(write_station(folder), "model")[0] == "warning"
    sound = write_station(folder, recipe=BundleRecipe(threshold=THRESHOLD, golden_score=128 / 255))
    assert standing(sound, "model")[0] == "ok"


def test_each_of_several_models_is_examined_and_a_part_takes_the_time_of_all_of_their_tiles(folder: Path) -> None:
    write_station(folder)
    models = "".join(f'[[points.models]]\nname = "{name}"\nbundle = "part.bundle"\n' for name in ("one", "two"))
    station = folder / "station.toml"
    head = '[station]\norg = "acme"\nsite = "north"\ndevice = "line-1"\n\n[[points]]\nname = "gate"\n'
    station.write_text(head + FOLDER + models + "tiles = { columns = 3, rows = 2 }\n")
    chart = Chart()
    findings = list(model.examine(patient(station), chart))
    assert {one.subject for one in findings} == {"gate/one", "gate/two"}
    assert {one.standing.value for one in findings} <= {"ok", "warning"}
    assert findings[-1].found.endswith("a part takes 6 runs, one per tile")
    times_ms = [float(one.found.partition("p95 ")[2].split()[0]) for one in findings if "p95" in one.found]
    assert chart.model_p95_ms["gate"] == pytest.approx(times_ms[0] + 6 * times_ms[1], abs=0.1)


def test_a_deadline_that_cannot_be_held_is_found(folder: Path) -> None:
    found, said = standing(write_station(folder, deadline_ms=0.001), "takt_time")
    assert found == "failed"
    assert "a longer deadline_ms" in said
    assert standing(write_station(folder, deadline_ms=60_000), "takt_time")[0] == "ok"


def test_more_points_than_the_processors_carry_are_found(folder: Path) -> None:
    (point,) = load_station(write_station(folder)).points
    chart = Chart({"gate": SourceReading(100.0, 10.0, Frame(picture(), 0, 1))}, {"gate": 70.0})
    assert takt_time.judge_load((point,), chart, 2).standing.value == "ok"
    assert takt_time.judge_load((point, point), chart, 2).standing.value == "warning"
    assert takt_time.judge_load((point, point), chart, 1).standing.value == "failed"
    files = Chart({"gate": SourceReading(None, 10.0, Frame(picture(), 0, 1))}, {"gate": 70.0})
    assert takt_time.judge_load((point,), files, 2).found.startswith("no inspection point has a pace")


def test_a_bundle_for_another_board_is_a_warning() -> None:
    board = "Raspberry Pi 4 Model B Rev 1.4"
    assert model.judge_board("gate", "rpi-4b", board, "aarch64").standing.value == "ok"
    assert model.judge_board("gate", "rpi-5", board, "aarch64").standing.value == "warning"
    assert model.judge_board("gate", "rpi-4b", "x86_64", "x86_64").standing.value == "warning"
    assert model.judge_board("gate", "x86-64", "x86_64", "x86_64").standing.value == "ok"


@pytest.mark.parametrize(("threshold", "is_told"), [(60, True), (0.7, False)])
def test_a_threshold_far_from_the_bundle_s_own_is_a_warning(folder: Path, threshold: float, *, is_told: bool) -> None:
    station = write_station(folder, FOLDER + f"threshold = {threshold}\n")
    told = [one for one in examine(patient(station), ("camera", "model")) if "far from the bundle's own" in one.found]
    assert [one.standing.value for one in told] == (["warning"] if is_told else [])


def test_a_bundle_for_no_board_is_a_warning_in_plain_words() -> None:
    finding = model.judge_board("gate", "none", "Raspberry Pi 4 Model B Rev 1.4", "aarch64")
    assert finding.standing.value == "warning"
    assert finding.found == "converted as float for no board in particular"


@pytest.mark.parametrize("seconds", ["nan", "-3"])
def test_a_time_that_is_none_is_a_usage_error(folder: Path, seconds: str) -> None:
    done = doctor(write_station(folder, FOLDER), "--seconds", seconds)
    assert (done.returncode, "--seconds" in done.stderr) == (2, True)


def test_a_trigger_that_cannot_be_heard_is_found(folder: Path) -> None:
    line = PtyLine()
    trigger = f'trigger = {{ kind = "serial", port = "{line.path}" }}\n'
    assert standing(write_station(folder, FOLDER + trigger), "line_trigger", name="trigger")[0] == "ok"
    line.unplug()
    found, said = standing(write_station(folder, FOLDER + trigger), "line_trigger", name="trigger")
    assert found == "failed"
    assert "check the wiring" in said


def test_an_output_is_opened_and_fires_only_when_a_person_asks(folder: Path) -> None:
    line = PtyLine()
    output = f'[[outputs]]\nname = "gate"\nkind = "serial"\nport = "{line.path}"\npulse_ms = 1\nunknown = "REJECT"\n'
    station = write_station(folder, more=output)
    os.set_blocking(line._sensor, False)
    assert standing(station, "line_output", name="output") == ("ok", "serial: opened, not fired ")
    with pytest.raises(BlockingIOError):
        os.read(line._sensor, 100)
    assert standing(station, "line_output", name="output", fire_outputs=True)[0] == "ok"
    assert os.read(line._sensor, 100).startswith(b"REJECT")
    assert standing(station, "line_output", name="output", fire_outputs=True, daemon_pid=1)[0] == "skipped"
    line.unplug()
    assert standing(station, "line_output", name="output")[0] == "failed"


def test_a_microcontroller_is_asked_who_it_is_and_goes_on_rejecting(folder: Path) -> None:
    with ChipLine(built("model", folder)) as line:
        station = write_chip_station(folder, line)
        assert standing(station, "microcontroller", name="microcontroller") == (
            "ok",
            "model with firmware 1.0.0, 1000000 ticks a second, 16 parts ",
        )
        assert line.rejects
        assert standing(station, "microcontroller", name="microcontroller", daemon_pid=1)[0] == "skipped"
        assert standing(station, "line_trigger", name="trigger")[0] == "skipped"
        assert standing(station, "line_output", name="output", fire_outputs=True)[0] == "skipped"
    found, said = standing(station, "microcontroller", name="microcontroller")
    assert found == "failed"
    assert "without it everything is rejected" in said


@pytest.mark.parametrize(
    ("deadline_ms", "lead_ms", "found", "said"),
    [
        (180, 100, "ok", "are 280 of delay_ms 300"),
        (250, 100, "warning", "a good part whose verdict is late is rejected"),
        (180, 10, "warning", "a longer lead_ms"),
    ],
)
def test_gate_times_that_cannot_hold_are_found(
    tmp_path: Path, deadline_ms: float, lead_ms: int, found: str, said: str
) -> None:
    gate = f'lead_ms = {lead_ms}\ngate = {{ kind = "time", delay_ms = 300 }}\n'
    line = SimpleNamespace(path="/dev/ttyUSB-none")
    station = write_chip_station(tmp_path, line, deadline_ms=deadline_ms, gate=gate)
    standing_found, told = standing(station, "gate_time")
    assert standing_found == found
    assert said in told


def test_a_page_whose_port_is_taken_is_found(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        station = write_station(folder, more=f"[web]\nport = {port}\n")
        assert standing(station, "web_port", name="web")[0] == "failed"
        assert standing(station, "web_port", name="web", daemon_pid=1)[0] == "ok"
    assert standing(station, "web_port", name="web")[0] == "ok"
    assert standing(station, "web_port", name="web", daemon_pid=1)[0] == "failed"


def test_without_a_network_the_broker_is_left_alone(folder: Path) -> None:
    station = write_station(folder, more='[uplink]\nhost = "127.0.0.1"\nport = 1\n')
    assert standing(station, "broker", network=False)[0] == "skipped"
    assert standing(station, "broker")[0] == "failed"


@pytest.mark.parametrize(("answer", "advice"), [
    (REFUSED_AS_NEW, 'MQTT 5 (mqtt = "auto" offers the other version, too) '),
    (b"", '? (mqtt = "auto" offers the other version, too) '),
])  # fmt: skip
def test_a_broker_of_another_version_is_told_with_the_setting_that_offers_both(
    folder: Path, answer: bytes, advice: str
) -> None:
    with old_broker(answer) as port:
        station = write_station(folder, more=f'[uplink]\nhost = "127.0.0.1"\nport = {port}\nmqtt = "5"\n')
        outcome, said = standing(station, "broker")
    assert outcome == "failed"
    assert f"{advice}alerts wait" in said


HOLDER = """
import sys, time
from pathlib import Path
from tests.edge_runtime.doctor.test_doctor import hold
hold(Path(sys.argv[1]))
"""


def hold(folder: Path) -> NoReturn:
    """A process that holds a spool as a daemon does, until it is killed."""
    outbox = Outbox(folder / "spool.sqlite", DeviceAddress("acme", "north", "line-1"), SpoolLimits(), SystemClock())
    outbox.start()
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
    raise SystemExit


def test_a_daemon_that_runs_keeps_its_camera(folder: Path) -> None:
    station, state = write_station(folder, RTSP), folder / "state"
    state.mkdir()
    assert daemon_on(state) is None
    command = [sys.executable, "-c", HOLDER, str(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "held\n"
        assert daemon_on(state) == daemon.pid
        found, said = standing(station, "camera", daemon_pid=daemon_on(state))
        daemon.kill()
    assert found == "skipped"
    assert f"in use by the daemon (process {daemon.pid})" in said


def test_a_check_that_fails_itself_hides_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("edge_runtime.doctor.board_clock.examine", fails)
    findings = list(examine(patient(write_station(folder)), ("board_clock", "state_disk")))
    assert "the check itself failed (ZeroDivisionError: by zero)" in findings[0].found
    assert {finding.check for finding in findings[1:]} == {"disk"}
