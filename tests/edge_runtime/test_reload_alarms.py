"""Alarms of parts that a reload exchanges: what was wrong is told until it is well, and no longer."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from edge_runtime.health.board import BoardFiles
from edge_runtime.records import day_files
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from tests.fakes.reloads import Script, changed, nothing, run, told
from tests.fakes.stations import GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

ENDLESS = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.05 }\n'
)


def test_the_governor_holds_nothing_back_that_nobody_looks_after(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_c = {"now": 90.0}
    monkeypatch.setattr(BoardFiles, "_temperature_c", lambda _: found_c["now"])
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    more = "[board]\nperiod_s = 0.5\n[governor]\nhold_s = 600.0\n[[governor.steps]]\ninterval_s = 0.06\n"
    station = write_station(tmp_path, ENDLESS, deadline_ms=50, more=more)

    def cool() -> None:
        found_c["now"] = 40.0
        changed(station, "hold_s = 600.0", "hold_s = 601.0")()

    script = Script(
        (told(caplog, "governor (step 1): inspects"), cool),
        (told(caplog, "governor (step 1): over"), nothing),
    )
    run(station, script)
    assert "governor (step 1): over" in caplog.text


def test_a_full_disk_is_told_over_a_reload_until_it_takes_every_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_full, write = [True], day_files._write_all_or_nothing

    def written(*args: Any) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*args)

    monkeypatch.setattr(day_files, "_write_all_or_nothing", written)
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    station = write_station(tmp_path, ENDLESS, deadline_ms=50, more="[records]\nsync_s = 0.5\n")
    script = Script(
        (told(caplog, "records (verdicts): the disk"), changed(station, "sync_s = 0.5", "sync_s = 0.6")),
        (told(caplog, "the configuration was reloaded"), is_full.clear),
        (told(caplog, "records (verdicts): over"), nothing),
    )
    summary = run(station, script)
    assert "the verdict records end with" in caplog.text
    assert "records (verdicts): over" in caplog.text
    parts = [row.part for row in RecordedVerdicts(tmp_path / "state" / "verdicts")]
    assert parts == [verdict["part"] for verdict in script.verdicts]
    assert (summary.not_recorded, summary.left_behind) == (0, 0)
