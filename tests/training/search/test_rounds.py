"""A search tries every candidate once, however often and by whomever it is stopped and continued."""

import sqlite3
import subprocess
import sys

import pytest

from converters.study import open_study
from edge_contracts.errors import BadInputError
from tests.fakes.quick_space import QuickSpace, searched
from tests.system.required import REPOSITORY
from training.search.rounds import Clock, tried_of

PROGRAM = [sys.executable, str(REPOSITORY / "tests" / "fakes" / "quick_space.py")]


def start(study, deadly=""):
    return subprocess.Popen([*PROGRAM, str(study), deadly], cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY)})


def test_every_candidate_is_tried_once_the_usual_one_first_and_the_same_seed_tries_them_alike(tmp_path):
    orders = []
    for name in ("one", "again"):
        study, ended = searched(tmp_path / name, QuickSpace(), seed=3)
        assert ended
        orders.append([one.params for one in tried_of(study)])
    assert orders[0][0] == QuickSpace.usual
    assert sorted(map(str, orders[0])) == sorted(map(str, QuickSpace().all))
    assert orders[0] == orders[1]
    assert [one.refused for one in tried_of(study) if one.judged is None] == [
        "wanted a colour, found green; choose another"
    ]


def test_data_that_the_usual_candidate_cannot_be_trained_on_ends_the_search(tmp_path):
    space = QuickSpace()
    space.usual = {"colour": "green", "size": "large"}
    with pytest.raises(BadInputError, match="found green"):
        searched(tmp_path / "s", space)


def test_no_trial_begins_after_the_time_and_the_next_call_goes_on(tmp_path):
    space, now = QuickSpace(), [0.0]
    judge = space.judge

    def judge_for_ten_seconds(params):
        now[0] += 10
        return judge(params)

    space.judge = judge_for_ten_seconds
    clock = Clock(lambda: now[0], lambda _seconds: None)
    study, ended = searched(tmp_path / "s", space, clock, seconds=15.0)
    assert (len(tried_of(study)), ended) == (2, False)
    study, ended = searched(tmp_path / "s", space, clock, seconds=100.0)
    assert (len(tried_of(study)), ended) == (4, True)
    assert len(space.judged) == 3  # one is refused


def test_a_killed_search_goes_on_with_the_candidate_that_it_died_of(tmp_path):
    killed = start(tmp_path / "s", deadly="large")
    assert killed.wait(timeout=60) == -9
    with sqlite3.connect(tmp_path / "s") as database:  # a minute passes
        database.execute("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00'")
    study, ended = searched(tmp_path / "s", QuickSpace())
    assert ended
    states = [one.state.name for one in study.trials]
    assert (states.count("FAIL"), states.count("COMPLETE"), states.count("PRUNED")) == (1, 3, 1)


def test_two_processes_share_a_study_and_leave_nothing_out(tmp_path):
    both = [start(tmp_path / "s") for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    study = open_study(str(tmp_path / "s"), "test", QuickSpace.about)
    assert {str(one.params) for one in tried_of(study)} == set(map(str, QuickSpace().all))
    assert not [one for one in study.trials if one.state.name in {"RUNNING", "WAITING", "FAIL"}]
