"""Configurations from the manager to a real daemon: proven, refused, rolled back, over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from line_broker import LineBroker

from edge_contracts.configuration import Phase, Reported
from fleet_manager.configuration.revisions import Draft, check_draft, keep_draft, latest_number, read_reported
from fleet_manager.store.database import writing
from tests.fakes.patience import eventually
from tests.system.commanded_station import ENDLESS, PATIENCE_S, WHERE, Rig, commanded_station, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
REMOTE = '\n[remote]\ntrusted_key = "KEY"\nproving_s = 2\n'
POINT = '[[points]]\nname = "gate"\nbundle = "part.bundle"\n'
GOOD = f"{POINT}deadline_ms = 95\n{ENDLESS}"
NOBODY = 'source = { kind = "mjpeg", url = "http://127.0.0.1:9/" }\ntrigger = { kind = "interval", interval_s = 0.1 }\n'
BLIND = f"{POINT}deadline_ms = 95\n{NOBODY}"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("site")
    with LineBroker(folder) as broker, commanded_station(folder, broker.port, REMOTE) as made:
        yield made


def want(rig: Rig, text: str) -> int:
    engine = rig.site.services.engine
    with writing(engine) as con:
        draft = Draft(WHERE, text, "", latest_number(con, WHERE))
        check_draft(draft)
        return keep_draft(con, draft, "anna", now_ms())


def said(rig: Rig, number: int, phase: Phase) -> Reported:
    found: list[Reported] = []

    def has_said() -> bool:
        with rig.site.services.engine.connect() as con:
            report = read_reported(con, WHERE)
        found[:] = [report] if report else []
        return report is not None and (report.heard, report.phase) == (number, phase)

    eventually(has_said, PATIENCE_S)
    return found[0]


def test_a_configuration_that_does_what_the_one_before_did_is_proven(rig: Rig) -> None:
    number = want(rig, GOOD)
    said(rig, number, Phase.PROVING)
    assert said(rig, number, Phase.ACTIVE).revision == number


def test_one_that_this_board_cannot_run_is_refused_with_every_reason(rig: Rig) -> None:
    active = said(rig, 1, Phase.ACTIVE)
    number = want(rig, GOOD.replace("part.bundle", "away.bundle").replace('"parts"', '"nowhere"'))
    report = said(rig, number, Phase.REFUSED)
    assert (report.revision, report.hash) == (active.revision, active.hash)
    assert "away.bundle" in report.errors[0]
    assert "nowhere" in report.errors[1]


def test_one_that_leaves_the_line_unjudged_is_gone_back_from(rig: Rig) -> None:
    number = want(rig, BLIND)
    report = said(rig, number, Phase.ROLLED_BACK)
    assert "no good or defect verdict from gate" in report.errors[0]
    eventually(lambda: said(rig, number, Phase.ROLLED_BACK).revision == 1, PATIENCE_S)


def test_a_daemon_that_is_killed_while_it_proves_starts_with_the_one_before(rig: Rig) -> None:
    number = want(rig, GOOD.replace("95", "92"))
    said(rig, number, Phase.PROVING)
    assert rig.process is not None
    rig.process.kill()
    rig.process.wait(10)
    rig.start()
    report = said(rig, number, Phase.ROLLED_BACK)
    assert report.revision == 1
    assert "the daemon ended while it was proven" in report.errors[0]
