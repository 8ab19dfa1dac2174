"""A station whose file changes: only what changed is started anew, and a file with a mistake changes nothing."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_runtime.model_loading import load_predictor
from edge_runtime.outputs.line_guard import ALIVE_S
from edge_runtime.outputs.panel import Panel
from edge_runtime.summary import End
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.patience import eventually
from tests.fakes.reloads import ENOUGH, Script, at_once, changed, nothing, of, run, told
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from edge_contracts.station import Point
    from edge_runtime.infer.predictor import Predictor

pytestmark = pytest.mark.live

ENDLESS = (
    'source = {{ kind = "folder", path = "{folder}", repeat = true }}\n'
    'trigger = {{ kind = "interval", interval_s = 0.15 }}\n'
)
SECOND = '\n[[points]]\nname = "exit"\nbundle = "part.bundle"\ndeadline_ms = 150\n' + ENDLESS


@pytest.fixture
def station(tmp_path: Path) -> Path:
    write_parts(tmp_path / "dim", [GOOD_LEVEL])
    write_parts(tmp_path / "bright", [DEFECT_LEVEL])
    return write_station(tmp_path, ENDLESS.format(folder="dim") + SECOND.format(folder="dim"), deadline_ms=150)


def test_only_the_point_that_changed_is_started_anew(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = Script((at_once, changed(station, 'name = "exit"\n', 'name = "exit"\nthreshold = 0.1\n')))
    run(station, script)
    assert "the configuration was reloaded; started anew: point exit" in caplog.text
    assert set(of(script, "gate")) == {"good"}
    assert (of(script, "exit")[0], of(script, "exit")[-1]) == ("good", "defect")
    for point in ("gate", "exit"):
        parts = [verdict["part"] for verdict in script.verdicts if verdict["point"] == point]
        assert len(set(parts)) == len(parts)


def test_another_source_is_opened_and_the_point_with_it(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = Script((at_once, changed(station, '"dim"', '"bright"', count=1)))
    run(station, script)
    assert "started anew: source of gate, point gate\n" in caplog.text
    assert of(script, "gate")[-1] == "defect"
    assert set(of(script, "exit")) == {"good"}


def test_another_bundle_under_the_same_name_is_taken(station: Path) -> None:
    def exchange() -> None:
        write_brightness_bundle(station.parent / "next.bundle", BundleRecipe(threshold=0.1))
        (station.parent / "next.bundle").replace(station.parent / "part.bundle")

    script = Script((at_once, exchange))
    run(station, script)
    assert of(script, "gate")[-1] == of(script, "exit")[-1] == "defect"
    assert len({verdict["model"] for verdict in script.verdicts}) == 2


def test_a_point_that_is_gone_is_silent_and_its_verdicts_stay_counted(station: Path) -> None:
    def remove() -> None:
        text = station.read_text("utf-8")
        station.write_text(text[: text.index('\n[[points]]\nname = "exit"')], "utf-8")

    script = Script((at_once, remove))
    summary = run(station, script)
    assert len(of(script, "exit")) >= ENOUGH
    assert script.speaking == {"gate"}
    assert summary.good == len(script.verdicts)


def test_the_alarm_of_a_point_that_is_gone_is_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_parts(tmp_path / "dim", [GOOD_LEVEL])
    write_parts(tmp_path / "dark", [0])
    both = ENDLESS.format(folder="dim") + SECOND.format(folder="dark")
    station = write_station(tmp_path, both, deadline_ms=150)
    is_told = told(caplog, "camera (exit): 3 parts")
    run(station, Script((is_told, changed(station, SECOND.format(folder="dark"), ""))))
    said = [one.message for one in caplog.records if one.message.startswith("camera (exit)")]
    assert [message.split(": ")[1] for message in said] == ["3 parts in a row are unknown", "over"]


@pytest.mark.parametrize(("old", "new", "says"), [
    ('name = "exit"', 'name = "exit"\nthreshhold = 1', "unknown key; did you mean 'threshold'"),
    ("[station]", "[station", "wanted TOML"),
    ('"part.bundle"', '"none.bundle"', "wanted a bundle, found nothing"),
])  # fmt: skip
def test_a_file_with_a_mistake_keeps_what_runs(
    station: Path, caplog: pytest.LogCaptureFixture, old: str, new: str, says: str
) -> None:
    script = Script((at_once, changed(station, old, new)))
    summary = run(station, script)
    assert "the configuration was not reloaded, the old one goes on" in caplog.text
    assert says in caplog.text
    assert set(of(script, "gate")) == set(of(script, "exit")) == {"good"}
    assert (summary.unknown, summary.left_behind) == (0, 0)


def test_every_bundle_that_cannot_be_used_is_named_and_the_old_ones_go_on(
    station: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil() -> None:
        (station.parent / "part.bundle").write_text("no bundle")

    script = Script((at_once, spoil))
    run(station, script)
    assert caplog.text.count("part.bundle") >= 2
    assert set(of(script, "gate")) == {"good"}


def test_a_point_that_cannot_be_put_together_goes_on_as_it_was(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong = 'name = "gate"\nhealth = { moved_reference = "nowhere.png" }'
    script = Script((at_once, changed(station, 'name = "gate"', wrong)))
    summary = run(station, script)
    assert "the configuration was not reloaded, the old one goes on" in caplog.text
    assert of(script, "gate")[-1] == "good"
    assert "gate" in script.speaking
    assert summary.end is End.STOPPED


def test_a_spool_that_cannot_be_opened_brings_the_old_one_back(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    (station.parent / "other" / "spool.sqlite").mkdir(parents=True)
    more = changed(station, 'device = "line-1"', 'device = "line-1"\nstate_folder = "other"')
    script = Script((at_once, more))
    summary = run(station, script)
    assert "the configuration was not reloaded, the old one goes on" in caplog.text
    assert script.speaking == {"gate", "exit"}
    assert (summary.end, summary.unknown) == (End.STOPPED, 0)


def test_failed_reloads_leave_no_process_and_no_descriptor(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    def descriptors() -> list[str]:
        return sorted(os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())

    seen: list[list[str]] = []
    good = station.read_text("utf-8")
    bad = good.replace('name = "gate"', 'name = "gate"\nhealth = { moved_reference = "nowhere.png" }')

    def spoil() -> None:
        seen.append(descriptors())
        station.write_text(bad, "utf-8")

    run(station, Script(*[(at_once, spoil)] * 4))
    assert len(seen) == 4
    assert caplog.text.count("the configuration was not reloaded") == 4
    # A picture may just be open; what two more reloads each left behind are two.
    assert len(seen[-1]) < len(seen[1]) + 2, seen[-1]


def test_another_broker_is_gone_to_while_the_old_ones_name_cannot_be_looked_up(
    station: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer, alive_s, look_up = threading.Event(), list[float](), socket.getaddrinfo

    def hang(host: str, *more: Any, **named: Any) -> Any:
        if host == "broker.plant":
            answer.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(Panel, "alive", lambda _: alive_s.append(time.monotonic()))
    station.write_text(station.read_text("utf-8") + '[uplink]\nhost = "broker.plant"\nport = 1\n')
    is_gone_to = told(caplog, "the configuration was reloaded; started anew: the uplink\n")
    script = Script((at_once, changed(station, "broker.plant", "127.0.0.1")), (is_gone_to, answer.set))
    summary = run(station, script)
    assert (summary.end, summary.left_behind) == (End.STOPPED, 0)
    assert max(after - before for before, after in itertools.pairwise(alive_s)) < ALIVE_S


def test_the_watchdog_is_fed_while_a_model_loads_for_long(station: Path) -> None:
    loaded: list[str] = []

    def slow(point: Point) -> Predictor:
        loaded.append(point.name)
        if len(loaded) > 2:
            fed = len(script.manager.alive_at_s)
            eventually(lambda: len(script.manager.alive_at_s) > fed + 4)
        return load_predictor(point)

    script = Script((at_once, changed(station, 'name = "exit"\n', 'name = "exit"\nthreshold = 0.1\n')))
    script.manager.watchdog_s = 0.3
    run(station, script, open_predictor=slow)
    assert len(loaded) == 3
    assert max(later - sooner for sooner, later in itertools.pairwise(script.manager.alive_at_s)) < 0.6


def test_a_changed_spool_starts_everything_on_it_anew_and_loses_no_alert(station: Path) -> None:
    station.write_text(station.read_text("utf-8").replace('"dim"', '"bright"'), "utf-8")
    more = changed(station, "[station]", "[spool]\ncommit_window_ms = 5.0\n\n[station]")
    script = Script((at_once, more))
    summary = run(station, script)
    assert summary.defect == len(script.verdicts)
    assert (summary.spooled, summary.refused, summary.waiting) == (summary.defect, 0, summary.defect)


def test_the_service_manager_hears_of_the_reload(station: Path) -> None:
    script = Script((at_once, nothing))
    run(station, script)
    assert script.manager.told == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
