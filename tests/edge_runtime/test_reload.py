"""A station whose file changes: only what changed is started anew, and a file with a mistake changes nothing."""

from __future__ import annotations

import io
import itertools
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_runtime.config import load_station
from edge_runtime.model_loading import load_predictor
from edge_runtime.notify import Notifier
from edge_runtime.outputs.line_guard import ALIVE_S
from edge_runtime.outputs.panel import Panel
from edge_runtime.service import Daemon
from edge_runtime.summary import End
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import Point
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.summary import Summary

pytestmark = pytest.mark.live

ENDLESS = (
    'source = {{ kind = "folder", path = "{folder}", repeat = true }}\n'
    'trigger = {{ kind = "interval", interval_s = 0.05 }}\n'
)
ENOUGH = 40
SECOND = '\n[[points]]\nname = "exit"\nbundle = "part.bundle"\ndeadline_ms = 50\n' + ENDLESS


class Script(io.StringIO):
    """Takes JSON lines; each step acts once its moment has come."""

    def __init__(self, *steps: tuple[Callable[[list[dict[str, Any]]], bool], Callable[[], None]]) -> None:
        super().__init__()
        self.stop, self.reload = threading.Event(), threading.Event()
        self._steps = list(steps)
        self._acted_at = 0

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._steps and self._steps[0][0](self.verdicts):
            self._steps.pop(0)[1]()
            self._acted_at = len(self.verdicts)
            self.reload.set()
        if not self._steps and len(self.verdicts) >= self._acted_at + ENOUGH:
            self.stop.set()
        return written

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


def at(count: int) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda verdicts: len(verdicts) >= count


def run(station: Path, script: Script, notifier: Notifier | None = None) -> Summary:
    daemon = Daemon(
        load_station(station),
        notifier or Notifier(),
        script.stop,
        lines=script,
        reload=script.reload,
        read_config=lambda: load_station(station),
    )
    return daemon.run()


@pytest.fixture
def station(tmp_path: Path) -> Path:
    write_parts(tmp_path / "dim", [GOOD_LEVEL])
    write_parts(tmp_path / "bright", [DEFECT_LEVEL])
    return write_station(tmp_path, ENDLESS.format(folder="dim") + SECOND.format(folder="dim"), deadline_ms=50)


def changed(station: Path, old: str, new: str, *, count: int = -1) -> Callable[[], None]:
    def act() -> None:
        text = station.read_text("utf-8")
        assert old in text
        station.write_text(text.replace(old, new, count), "utf-8")

    return act


def of(script: Script, point: str) -> list[str]:
    return [verdict["outcome"] for verdict in script.verdicts if verdict["point"] == point]


def test_only_the_point_that_changed_is_started_anew(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = Script((at(10), changed(station, 'name = "exit"\n', 'name = "exit"\nthreshold = 0.1\n')))
    run(station, script)
    assert "the configuration was reloaded; started anew: point exit" in caplog.text
    assert set(of(script, "gate")) == {"good"}
    assert (of(script, "exit")[0], of(script, "exit")[-1]) == ("good", "defect")
    for point in ("gate", "exit"):
        parts = [verdict["part"] for verdict in script.verdicts if verdict["point"] == point]
        assert len(set(parts)) == len(parts)


def test_another_source_is_opened_and_the_point_with_it(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = Script((at(10), changed(station, '"dim"', '"bright"', count=1)))
    run(station, script)
    assert "started anew: source of gate, point gate\n" in caplog.text
    assert of(script, "gate")[-1] == "defect"
    assert set(of(script, "exit")) == {"good"}


def test_another_bundle_under_the_same_name_is_taken(station: Path) -> None:
    def exchange() -> None:
        write_brightness_bundle(station.parent / "next.bundle", BundleRecipe(threshold=0.1))
        (station.parent / "next.bundle").replace(station.parent / "part.bundle")

    script = Script((at(10), exchange))
    run(station, script)
    assert of(script, "gate")[-1] == of(script, "exit")[-1] == "defect"
    assert len({verdict["model"] for verdict in script.verdicts}) == 2


def test_a_point_that_is_gone_is_silent_and_its_verdicts_stay_counted(station: Path) -> None:
    def remove() -> None:
        text = station.read_text("utf-8")
        station.write_text(text[: text.index('\n[[points]]\nname = "exit"')], "utf-8")

    script = Script((at(10), remove))
    summary = run(station, script)
    assert "exit" in [verdict["point"] for verdict in script.verdicts[:12]]
    assert {verdict["point"] for verdict in script.verdicts[-10:]} == {"gate"}
    assert summary.good == len(script.verdicts)


def test_the_alarm_of_a_point_that_is_gone_is_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_parts(tmp_path / "dim", [GOOD_LEVEL])
    write_parts(tmp_path / "dark", [0])
    both = ENDLESS.format(folder="dim") + SECOND.format(folder="dark")
    station = write_station(tmp_path, both, deadline_ms=50)
    run(station, Script((at(20), changed(station, SECOND.format(folder="dark"), ""))))
    told = [one.message for one in caplog.records if one.message.startswith("camera (exit)")]
    assert [message.split(": ")[1] for message in told] == ["3 parts in a row are unknown", "over"]


@pytest.mark.parametrize(("old", "new", "says"), [
    ('name = "exit"', 'name = "exit"\nthreshhold = 1', "unknown key; did you mean 'threshold'"),
    ("[station]", "[station", "wanted TOML"),
    ('"part.bundle"', '"none.bundle"', "wanted a bundle, found nothing"),
])  # fmt: skip
def test_a_file_with_a_mistake_keeps_what_runs(
    station: Path, caplog: pytest.LogCaptureFixture, old: str, new: str, says: str
) -> None:
    script = Script((at(10), changed(station, old, new)))
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

    script = Script((at(10), spoil))
    run(station, script)
    assert caplog.text.count("part.bundle") >= 2
    assert set(of(script, "gate")) == {"good"}


def test_a_point_that_cannot_be_put_together_goes_on_as_it_was(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong = 'name = "gate"\nhealth = { moved_reference = "nowhere.png" }'
    script = Script((at(10), changed(station, 'name = "gate"', wrong)))
    summary = run(station, script)
    assert "the configuration was not reloaded, the old one goes on" in caplog.text
    assert of(script, "gate")[-1] == "good"
    assert "gate" in [verdict["point"] for verdict in script.verdicts[-8:]]
    assert summary.end is End.STOPPED


def test_a_spool_that_cannot_be_opened_brings_the_old_one_back(station: Path, caplog: pytest.LogCaptureFixture) -> None:
    (station.parent / "other" / "spool.sqlite").mkdir(parents=True)
    more = changed(station, 'device = "line-1"', 'device = "line-1"\nstate_folder = "other"')
    script = Script((at(10), more))
    summary = run(station, script)
    assert "the configuration was not reloaded, the old one goes on" in caplog.text
    assert {verdict["point"] for verdict in script.verdicts[-12:]} == {"gate", "exit"}
    assert (summary.end, summary.unknown) == (End.STOPPED, 0)


def test_failed_reloads_leave_no_process_and_no_descriptor(station: Path) -> None:
    def descriptors() -> list[str]:
        return sorted(os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())

    seen: list[list[str]] = []
    good = station.read_text("utf-8")
    bad = good.replace('name = "gate"', 'name = "gate"\nhealth = { moved_reference = "nowhere.png" }')

    def spoil() -> None:
        seen.append(descriptors())
        station.write_text(bad, "utf-8")

    script = Script((at(8), spoil), (at(30), spoil), (at(52), spoil), (at(74), spoil))
    run(station, script)
    assert len(seen) == 4
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
    is_gone_to = "the configuration was reloaded; started anew: the uplink\n"
    script = Script(
        (at(10), changed(station, "broker.plant", "127.0.0.1")), (lambda _: is_gone_to in caplog.text, answer.set)
    )
    summary = run(station, script)
    assert (summary.end, summary.left_behind) == (End.STOPPED, 0)
    assert max(after - before for before, after in itertools.pairwise(alive_s)) < ALIVE_S


def test_the_watchdog_is_fed_while_a_model_loads_for_long(station: Path) -> None:
    class Fed(Notifier):
        def __init__(self) -> None:
            super().__init__(watchdog_s=0.3)
            self.at_s: list[float] = []

        def _send(self, message: str) -> None:
            if message.startswith("WATCHDOG=1"):
                self.at_s.append(time.monotonic())

    loaded: list[str] = []

    def slow(point: Point) -> Predictor:
        loaded.append(point.name)
        if len(loaded) > 2:
            time.sleep(1.0)
        return load_predictor(point)

    fed, script = Fed(), Script((at(10), changed(station, 'name = "exit"\n', 'name = "exit"\nthreshold = 0.1\n')))
    daemon = Daemon(
        load_station(station), fed, script.stop, lines=script, reload=script.reload,
        read_config=lambda: load_station(station), open_predictor=slow,
    )  # fmt: skip
    daemon.run()
    assert len(loaded) == 3
    assert max(later - sooner for sooner, later in itertools.pairwise(fed.at_s)) < 0.6


def test_a_changed_spool_starts_everything_on_it_anew_and_loses_no_alert(station: Path) -> None:
    station.write_text(station.read_text("utf-8").replace('"dim"', '"bright"'), "utf-8")
    more = changed(station, "[station]", "[spool]\ncommit_window_ms = 5.0\n\n[station]")
    script = Script((at(10), more))
    summary = run(station, script)
    assert summary.defect == len(script.verdicts)
    assert (summary.spooled, summary.refused, summary.waiting) == (summary.defect, 0, summary.defect)


def test_the_service_manager_hears_of_the_reload(station: Path) -> None:
    class Recorder(Notifier):
        told: list[str] = []  # noqa: RUF012 - one per test

        def _send(self, message: str) -> None:
            self.told.append(message.partition("\n")[0])

    recorder = Recorder()
    run(station, Script((at(10), lambda: None)), recorder)
    order = [word for word in recorder.told if word != "WATCHDOG=1"]
    assert order == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
