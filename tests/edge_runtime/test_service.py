from __future__ import annotations

import hashlib
import logging
import os
import socket
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from edge_contracts.alert import AlertEvent
from edge_contracts.bundle import BundleRejected
from edge_contracts.errors import BadInputError, RefusedError
from edge_contracts.manifest import NoRule
from edge_contracts.station import PictureHealth, StationConfig, VideoSource
from edge_contracts.stats import StatsEvent
from edge_contracts.verdict import Cause
from edge_runtime import journal
from edge_runtime.alert_rule import alert_of
from edge_runtime.cameras import frozen_frames
from edge_runtime.config import load_station
from edge_runtime.delivery import Delivery
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection_point import InspectionPoint
from edge_runtime.notify import Notifier
from edge_runtime.outbox.commit_queue import CommitQueue
from edge_runtime.outbox.held_note import HeldNote
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from edge_runtime.service import Daemon
from edge_runtime.summary import End, Summary
from edge_runtime.supervisor import longest_stop_s
from edge_runtime.units.plan import plan_of
from edge_runtime.units.spool import DELIVERY_STOP_S
from edge_runtime.uplink.uplink import Uplink
from tests.fakes.models import BundleRecipe
from tests.fakes.parts import point, verdict
from tests.fakes.patience import eventually
from tests.fakes.pictures import picture, write_film
from tests.fakes.stations import (
    DEFECT_LEVEL,
    FOLDER,
    GOOD_LEVEL,
    THRESHOLD,
    StopAfter,
    opens,
    run_station,
    write_parts,
    write_station,
)

pytestmark = pytest.mark.live

WHO = {"org": "acme", "site": "north", "device": "line-1"}
FILM = {"kind": "video", "path": "belt.avi"}
STATS_ROWS = "SELECT body FROM rows WHERE leaf = 'stats'"
MIXED = [GOOD_LEVEL, DEFECT_LEVEL, GOOD_LEVEL, DEFECT_LEVEL]


@pytest.fixture
def station(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", MIXED)
    return write_station(tmp_path)


def test_every_picture_of_a_folder_gets_its_verdict_in_order(station: Path) -> None:
    verdicts, summary = run_station(station)
    assert [verdict["part"] for verdict in verdicts] == ["00.png", "01.png", "02.png", "03.png"]
    assert [verdict["outcome"] for verdict in verdicts] == ["good", "defect", "good", "defect"]
    assert (summary.end, summary.good, summary.defect, summary.unknown) == (End.EXHAUSTED, 2, 2, 0)


def test_what_speaks_against_a_model_is_told_at_the_start(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_station(station.parent, FOLDER + "threshold = 1e9\n")
    _, summary = run_station(station)
    assert summary.good == 4
    assert "gate: wanted a threshold near the bundle's own, found: threshold 1e+09 in station.toml" in caplog.text


def test_what_is_no_picture_in_a_folder_is_told_once(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (station.parent / "parts" / "notes.txt").write_text("mine")
    run_station(station)
    told = [record.getMessage() for record in caplog.records if "other entry" in record.getMessage()]
    assert [one.partition(": ")[2] for one in told] == ["4 pictures; 1 other entry is no picture, and left alone"]


def test_each_defect_is_durable_in_the_spool_with_pictures_named_by_content(station: Path) -> None:
    _, summary = run_station(station)
    assert (summary.spooled, summary.refused, summary.waiting) == (2, 0, 2)
    evidence = [path for path in (station.parent / "state" / "evidence").rglob("*.jpg") if path.is_file()]
    assert len(evidence) == 4
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in evidence)
    with sqlite3.connect(station.parent / "state" / "spool.sqlite") as spool:
        assert spool.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    spool.close()


def test_what_a_killed_daemon_held_back_is_told_by_the_next_start_once(station: Path) -> None:
    held = alert_of(verdict(Cause.DARK, part="before the kill"), 121)
    (station.parent / "state").mkdir()
    HeldNote(station.parent / "state" / "spool.sqlite.held").write((held,))
    assert [run_station(station)[1].spooled for _ in range(2)] == [3, 2]
    with closing(sqlite3.connect(station.parent / "state" / "spool.sqlite")) as spool:
        bodies = [body for (body,) in spool.execute("SELECT body FROM rows WHERE leaf = 'alert' ORDER BY seq")]
    told = [AlertEvent.model_validate_json(body).data for body in bodies]
    assert told[0] == held
    assert sum(alert.count for alert in told) == 121 + 4


def test_every_verdict_good_ones_too_is_a_line_of_the_daily_record(station: Path) -> None:
    verdicts, summary = run_station(station)
    rows = list(RecordedVerdicts(station.parent / "state" / "verdicts"))
    assert [(row.part, row.outcome.value) for row in rows] == [(one["part"], one["outcome"]) for one in verdicts]
    assert summary.not_recorded == 0


def test_a_defect_in_a_file_whose_name_is_not_utf_8_is_told(tmp_path: Path) -> None:
    folder = os.fsencode(write_parts(tmp_path / "parts", [DEFECT_LEVEL]))
    os.rename(os.path.join(folder, b"00.png"), os.path.join(folder, b"b\xe9.png"))  # noqa: PTH104, PTH118 - names of bytes
    verdicts, summary = run_station(write_station(tmp_path))
    assert [(verdict["part"], verdict["outcome"]) for verdict in verdicts] == [("b\\udce9.png", "defect")]
    assert (summary.spooled, summary.refused) == (1, 0)


def test_the_same_station_may_run_again_and_its_spool_grows(station: Path) -> None:
    run_station(station)
    assert run_station(station)[1].waiting == 4


def test_stopping_ends_an_endless_source_cleanly(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    endless = write_station(tmp_path, 'source = { kind = "folder", path = "parts", repeat = true }\n')
    verdicts, summary = run_station(endless, lines=StopAfter(20))
    assert summary.end is End.STOPPED
    assert len(verdicts) >= 20
    assert summary.good + summary.defect == len(verdicts)
    assert not [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def test_no_broker_does_not_disturb_the_inspection(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    endless = 'source = { kind = "folder", path = "parts", repeat = true }\n'
    station = write_station(tmp_path, endless, more='[uplink]\nhost = "127.0.0.1"\nport = 1\n')
    verdicts, summary = run_station(station, lines=StopAfter(12))
    assert {verdict["outcome"] for verdict in verdicts} == {"good", "defect"}
    assert summary.defect + 1 <= summary.waiting <= summary.defect + 2, "the minute in which it ran, or two"
    assert f"{summary.defect} alerts spooled, 0 refused; {summary.waiting} messages not ack" in str(summary)


def test_the_minutes_of_a_station_with_a_broker_add_up_to_its_verdicts(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    station = write_station(tmp_path, more='[uplink]\nhost = "127.0.0.1"\nport = 1\n')
    _, summary = run_station(station)
    with closing(sqlite3.connect(tmp_path / "state" / "spool.sqlite")) as spool:
        minutes = [StatsEvent.model_validate_json(body).data for (body,) in spool.execute(STATS_ROWS)]
    points = [point for minute in minutes for point in minute.points]
    assert sum(point.good for point in points) == summary.good == 2
    assert sum(point.defect for point in points) == summary.defect == 2
    assert {point.point for point in points} == {"gate"}
    assert all(point.model and minute.boot for minute in minutes for point in minute.points)


def test_several_points_run_side_by_side(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3)
    write_film(tmp_path / "belt.avi", [picture(DEFECT_LEVEL, seed=n) for n in range(5)])
    second = """
[[points]]
name = "exit"
bundle = "part.bundle"
source = { kind = "video", path = "belt.avi", pace = "fast" }
"""
    verdicts, summary = run_station(write_station(tmp_path, FOLDER + second))
    assert (summary.good, summary.defect) == (3, 5)
    assert {verdict["point"] for verdict in verdicts} == {"gate", "exit"}


def test_only_the_region_is_judged_and_the_stations_threshold_counts(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    station = write_station(tmp_path, FOLDER + "threshold = 0.1\nregion = { x = 0.5, width = 0.5 }\n")
    verdicts, _ = run_station(station)
    assert (verdicts[0]["outcome"], verdicts[0]["threshold"]) == ("defect", 0.1)


class Recorder(Notifier):
    """Stops the daemon at the second sign of life."""

    def __init__(self) -> None:
        super().__init__(watchdog_s=0.3)
        self.told: list[str] = []
        self.stop = threading.Event()

    def _send(self, message: str) -> None:
        self.told.append(message.partition("\n")[0])
        if self.told.count("WATCHDOG=1") > 1:
            self.stop.set()


def test_the_service_manager_hears_ready_then_signs_of_life_then_stopping(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    endless = write_station(tmp_path, 'source = { kind = "folder", path = "parts", repeat = true }\n')
    recorder = Recorder()
    Daemon(load_station(endless), recorder, recorder.stop).run()
    assert recorder.told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_no_sign_of_life_is_given_while_a_loop_is_stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parts(tmp_path / "parts", MIXED)
    endless = write_station(tmp_path, 'source = { kind = "folder", path = "parts", repeat = true }\n')
    monkeypatch.setattr(InspectionPoint, "is_stuck", lambda *_: True)
    recorder, lines = Recorder(), StopAfter(200)
    Daemon(load_station(endless), recorder, lines.stop, lines=lines).run()
    assert recorder.told == ["READY=1", "STOPPING=1"]


def test_a_machine_that_answers_otherwise_than_recorded_must_not_judge(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    station = write_station(tmp_path, recipe=BundleRecipe(threshold=THRESHOLD, golden_score=0.9))
    with pytest.raises(RefusedError, match="inspection point gate: wanted output 'score' within"):
        run_station(station)
    assert not (tmp_path / "state").exists()


def test_a_bundle_that_does_not_judge_cannot_inspect(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", MIXED)
    station = write_station(tmp_path, recipe=BundleRecipe(changes={"rule": NoRule()}))
    with pytest.raises(BadInputError, match=r"wanted a bundle that judges pictures, found .*rule 'none'"):
        run_station(station)


def test_a_text_file_is_no_bundle(station: Path) -> None:
    (station.parent / "part.bundle").write_text("no bundle")
    with pytest.raises(BundleRejected, match="wanted a bundle"):
        run_station(station)


def test_an_empty_folder_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    with pytest.raises(BadInputError, match="inspection point gate: wanted pictures"):
        run_station(write_station(tmp_path))


def test_a_state_folder_that_cannot_be_made_is_named(station: Path) -> None:
    (station.parent / "state").write_text("in the way")
    with pytest.raises(BadInputError, match=r"wanted a writable station\.state_folder at .*state"):
        run_station(station)


def test_a_folder_may_hold_the_same_picture_twice_and_a_camera_may_not_give_it() -> None:
    film = VideoSource(kind="video", path="/belt.avi")
    assert frozen_frames(point()) == 0
    assert frozen_frames(point(source=film)) == 2
    assert frozen_frames(point(health=PictureHealth(frozen_frames=3))) == 3
    assert frozen_frames(point(source=film, health=PictureHealth(frozen_frames=0))) == 0


def leaves(*_: object) -> NoReturn:
    """Ends the thread that calls it, past every `except Exception`."""
    raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("owner", "step", "says"), [
    (Delivery, "_turn", "the delivery's thread is dead"),
    (CommitQueue, "next", "the spool's writer is dead"),
    (Uplink, "_session", "the uplink's thread is dead"),
])  # fmt: skip
def test_a_thread_that_died_ends_the_daemon_for_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, owner: type, step: str, says: str
) -> None:
    write_parts(tmp_path / "parts", MIXED)
    point = (
        'source = { kind = "folder", path = "parts", repeat = true }\n'
        'trigger = { kind = "interval", interval_s = 0.1 }\n'
    )
    uplink = '[uplink]\nhost = "127.0.0.1"\nport = 1\n'
    station = write_station(tmp_path, point, more=uplink, deadline_ms=100)
    monkeypatch.setattr("edge_runtime.delivery._COMMIT_TIMEOUT_S", 0.01)
    monkeypatch.setattr(owner, step, leaves)
    _, summary = run_station(station)
    assert summary.end is End.TROUBLE
    assert says in caplog.text


@pytest.mark.parametrize("owner", [Outbox, Delivery])
def test_a_part_that_does_not_stop_ends_the_daemon_for_a_restart_and_stops_the_others(
    station: Path, monkeypatch: pytest.MonkeyPatch, owner: type
) -> None:
    stop = owner.stop

    def late(part: Any, timeout_s: float) -> bool:
        stop(part, timeout_s)
        return False

    monkeypatch.setattr(owner, "stop", late)
    station.write_text(station.read_text() + '[uplink]\nhost = "127.0.0.1"\nport = 1\n')
    _, summary = run_station(station)
    assert (summary.end, summary.left_behind) == (End.TROUBLE, 1)
    assert "; 1 part of the daemon did not stop in time" in str(summary)
    assert [thread.name for thread in threading.enumerate()] == [threading.main_thread().name]


def test_an_uplink_that_hangs_over_a_name_is_left_behind_and_is_no_reason_to_start_anew(
    station: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = threading.Event(), threading.Event()
    stop = Uplink.stop

    def hang(*_: object, **__: object) -> NoReturn:
        asked.set()
        answer.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    def impatient(uplink: Uplink, _timeout_s: float) -> bool:
        assert asked.wait(20)
        return stop(uplink, 0.05)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(Uplink, "stop", impatient)
    station.write_text(station.read_text() + '[uplink]\nhost = "broker.plant"\n')
    _, summary = run_station(station)
    assert (summary.end, summary.left_behind) == (End.EXHAUSTED, 1)
    assert "; 1 part of the daemon did not stop in time" in str(summary)
    answer.set()
    eventually(lambda: [thread.name for thread in threading.enumerate()] == [threading.main_thread().name])


def test_a_start_that_fails_stops_what_was_started(station: Path) -> None:
    (station.parent / "state").mkdir()
    (station.parent / "state" / "evidence").write_text("in the way")
    with pytest.raises(BadInputError, match="wanted a writable folder for evidence"):
        run_station(station)
    assert [thread.name for thread in threading.enumerate()] == [threading.main_thread().name]


def test_the_service_manager_waits_longer_than_the_slowest_stop() -> None:
    unit = Path(__file__).resolve().parents[2] / "systemd" / "lepton-edge.service"
    told = {key: value for key, _, value in (line.partition("=") for line in unit.read_text().splitlines())}
    around: Any = None
    gate = {"name": "gate", "bundle": "b", "source": FILM}
    lamp = {"name": "lamp", "kind": "gpio", "chip": "gpiochip0", "line": 17}
    whole = {"station": WHO, "points": [gate], "outputs": [lamp], "web": {}, "uplink": {"host": "broker.local"}}
    config = StationConfig.model_validate(whole)
    slowest_s = DELIVERY_STOP_S + longest_stop_s(plan_of(config, around, opens(Predictor))) + journal.STOP_S
    assert slowest_s > 30
    assert float(told["TimeoutStopSec"]) >= slowest_s + 10


def test_the_summary_names_each_trouble_that_there_was() -> None:
    quiet = Summary(End.STOPPED, 1, 0, 0, 0, 0, 0)
    assert str(quiet).endswith("; 0 messages not acknowledged yet")
    loud = replace(quiet, faults=1, without_picture=2, not_kept=3, lines_dropped=4)
    assert str(loud).endswith("; 1 faults; 2 alerts without their picture; 3 pictures not kept; 4 JSON lines dropped")


def test_a_fault_in_a_loop_is_in_the_summary(station: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> NoReturn:
        raise OSError("no log")

    monkeypatch.setattr("edge_runtime.units.verdict_lines.VerdictLog.take", staticmethod(fails))
    assert run_station(station)[1].faults == len(MIXED)
