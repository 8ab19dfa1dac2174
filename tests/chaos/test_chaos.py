"""`make chaos` in small: real brokers, managers, stations and databases, killed and cut off, with nothing lost."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.chaos import halls, small_disk
from tests.chaos.contestants import Lepton, UsualPattern
from tests.chaos.plan import Kind, Sizes
from tests.chaos.stores import PostgresStore, SqliteStore, ledger_of
from tests.chaos.trial import run_trial
from tests.fleet_manager.databases import postgres_programs
from tests.system.required import require_tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.contestants import Contestant
    from tests.chaos.trial import Outcome

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEED = 1
KILLED = Sizes(
    alerts=500, stations=3, rate=200, kills=6, halls=0, cuts=0, small_disks=0, fills=0, restores=0, patience_s=20
)
ALL_OF_IT = replace(KILLED, halls=2, cuts=2, small_disks=1, fills=1, fill_s=3.0, restores=1)


def tried(contestant: Contestant, sizes: Sizes, folder: Path) -> Outcome:
    outcome = run_trial(contestant, sizes, SEED, folder, [].append)
    sys.stdout.write(f"{outcome.name}: {outcome.reckoning.sentence()}; {outcome.kills} {outcome.deeds}\n")
    return outcome


@pytest.fixture(autouse=True)
def _broker() -> None:
    require_tool("mosquitto")


def test_nothing_is_lost_though_everything_is_killed_cut_off_filled_up_and_put_back(tmp_path: Path) -> None:
    if why := halls.missing() or small_disk.missing():
        pytest.skip(f"{why}, which this machine does not give")
    store = SqliteStore(tmp_path)
    outcome = tried(Lepton("Lepton on SQLite", store, 1), ALL_OF_IT, tmp_path)
    found = outcome.reckoning
    assert found.troubles == ()
    assert (found.offered >= ALL_OF_IT.alerts, found.unexplained, found.duplicates) == (True, 0, 0)
    assert sum(outcome.kills.values()) == ALL_OF_IT.kills
    assert outcome.deeds == {kind.value: outcome.deeds[kind.value] for kind in Kind if kind.value in outcome.deeds}
    assert outcome.deeds[Kind.RESTORE.value] == outcome.deeds[Kind.FILL.value] == 1
    assert ledger_of(store.url)[1] == 0, "the manager's own ledger says that something has not arrived"


def test_nothing_is_lost_between_ingest_processes_that_share_the_alerts_on_postgresql(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL (apt-get install postgresql), which this machine does not have")
    store = PostgresStore(request.getfixturevalue("postgres"), programs, tmp_path)
    outcome = tried(Lepton("Lepton on PostgreSQL", store, 2), replace(KILLED, restores=1), tmp_path)
    assert outcome.reckoning.troubles == ()
    assert outcome.reckoning.duplicates == 0
    assert sum(outcome.kills.values()) == KILLED.kills


def test_the_harness_notices_a_manager_that_acknowledges_before_it_stores(tmp_path: Path) -> None:
    forgetful = Lepton("a forgetful manager", SqliteStore(tmp_path), 1, forgetful=True)
    outcome = tried(forgetful, replace(KILLED, alerts=300, patience_s=3), tmp_path)
    assert outcome.reckoning.unexplained > 0
    assert not outcome.is_sound


def test_the_harness_counts_what_the_usual_pattern_loses(tmp_path: Path) -> None:
    outcome = tried(UsualPattern(tmp_path, keeps=False), replace(KILLED, alerts=300, patience_s=3), tmp_path)
    assert outcome.reckoning.offered >= 300
    assert outcome.reckoning.lost > 0
