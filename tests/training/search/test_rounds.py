"""A search tries every candidate once, however often and by whomever it is stopped and continued."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import optuna
import pytest

from converters.study import find_study
from edge_contracts.errors import BadInputError
from tests.fakes.quick_space import QuickSpace, searched
from tests.system.required import REPOSITORY
from training.search.rounds import Clock

PROGRAM = [sys.executable, str(REPOSITORY / "tests" / "fakes" / "quick_space.py")]


def start(study, deadly=""):
    return subprocess.Popen([*PROGRAM, str(study), deadly], cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY)})


def test_every_candidate_is_tried_once_the_usual_one_first_and_the_same_seed_tries_them_alike(tmp_path):
    orders = []
    for name in ("one", "again"):
        trials, _, ended = searched(tmp_path / name, QuickSpace(), seed=3)
        assert ended
        orders.append([one.params for one in trials])
    assert orders[0][0] == QuickSpace.usual
    assert sorted(map(str, orders[0])) == sorted(map(str, QuickSpace().all))
    assert orders[0] == orders[1]
    assert [one.refused for one in trials if not one.judged] == ["wanted a colour, found green; choose another"]


def test_data_that_the_usual_candidate_cannot_be_trained_on_ends_the_search(tmp_path):
    space = QuickSpace()
    space.usual = {"colour": "green", "size": "large"}
    with pytest.raises(BadInputError, match="found green"):
        searched(tmp_path / "s", space)


def test_a_trial_that_another_process_ended_meanwhile_is_tried_again_and_stops_nobody(tmp_path):
    """As when this process slept for minutes, or both took the same waiting trial."""
    space, ended = QuickSpace(), []
    judge = space.judge

    def judge_while_another_ends_it(params):
        if not ended:
            with find_study(str(tmp_path / "s"), "test") as study:
                running = next(one for one in study.trials if one.state.name == "RUNNING")
                ended.append(study.tell(running.number, state=optuna.trial.TrialState.FAIL))
        return judge(params)

    space.judge = judge_while_another_ends_it
    trials, states, nothing_left = searched(tmp_path / "s", space)
    assert nothing_left
    assert states.count("FAIL") == 1
    assert sorted(str(one.params) for one in trials) == sorted(map(str, QuickSpace().all))


def test_no_trial_begins_after_the_time_and_the_next_call_goes_on(tmp_path):
    space, now = QuickSpace(), [0.0]
    judge = space.judge

    def judge_for_ten_seconds(params):
        now[0] += 10
        return judge(params)

    space.judge = judge_for_ten_seconds
    clock = Clock(lambda: now[0], lambda _seconds: None)
    trials, _, ended = searched(tmp_path / "s", space, clock, seconds=15.0)
    assert (len(trials), ended) == (2, False)
    trials, _, ended = searched(tmp_path / "s", space, clock, seconds=100.0)
    assert (len(trials), ended) == (4, True)
    assert len(space.judged) == 3  # one is refused


def test_a_killed_search_goes_on_with_the_candidate_that_it_died_of(tmp_path):
    killed = start(tmp_path / "s", deadly="large")
    assert killed.wait(timeout=60) == -9
    with closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as database:  # a minute passes
        database.execute("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00'")
    _, states, ended = searched(tmp_path / "s", QuickSpace())
    assert ended
    assert (states.count("FAIL"), states.count("COMPLETE"), states.count("PRUNED")) == (1, 3, 1)


def test_a_candidate_that_killed_three_trials_is_left_alone(tmp_path):
    """As one does that takes more memory than there is."""
    space = QuickSpace()
    judge = space.judge

    def judge_within_the_memory(params):
        if params == QuickSpace.usual:
            raise MemoryError
        return judge(params)

    space.judge = judge_within_the_memory
    for _ in range(3):
        with pytest.raises(MemoryError):
            searched(tmp_path / "s", space)
    trials, states, ended = searched(tmp_path / "s", space)
    assert ended
    assert states.count("FAIL") == 3
    assert QuickSpace.usual not in [one.params for one in trials]
    assert len(trials) == 3


def test_two_processes_share_a_study_and_leave_nothing_out(tmp_path):
    both = [start(tmp_path / "s") for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    trials, states, _ = searched(tmp_path / "s", QuickSpace(), seconds=0.0)
    assert sorted(str(one.params) for one in trials) == sorted(map(str, QuickSpace().all))
    assert set(states) == {"COMPLETE", "PRUNED"}
