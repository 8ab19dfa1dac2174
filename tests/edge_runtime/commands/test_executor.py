"""What is asked for is done once and answered; whatever one command does, the next one is heard."""

from __future__ import annotations

import threading

import pytest

from edge_runtime.commands.done_before import DoneBefore
from edge_runtime.commands.executor import MOST_WAITING, Done, Executor
from tests.fakes.letters import HandClock
from tests.fakes.orders import order
from tests.fakes.patience import eventually


class Station:
    """An executor whose commands leave their traces here."""

    def __init__(self, folder):
        self.did, self.clock = [], HandClock()
        self.gate = threading.Event()
        acts = {"ping": self._ping, "fail": self._fail, "hang": self._hang, "end": self._end}
        self.executor = Executor(acts, DoneBefore(folder / "commands.sqlite"), self.clock)
        self.executor.start()

    def ask(self, *args, **fields):
        one = order(*args, **fields)
        self.executor.order(one.name, one.body, retained=one.retained)

    def answers(self, count=1):
        found = []
        eventually(lambda: found.extend(self.executor.replies()) or len(found) >= count)
        return [(one.outcome.value, one.text) for one in found]

    def _ping(self):
        self.did.append("ping")
        return Done("here")

    def _fail(self):
        raise RuntimeError("it broke")

    def _hang(self):
        self.did.append("hang")
        self.gate.wait(10)
        return Done("late")

    def _end(self):
        return Done("soon", lambda: self.did.append(f"{len(self.executor.replies())} told before"))


@pytest.fixture
def station(tmp_path):
    made = Station(tmp_path)
    yield made
    made.gate.set()
    assert made.executor.stop(5)


def test_a_command_is_done_and_answered(station):
    station.ask()
    assert station.answers() == [("done", "here")]


def test_a_command_that_comes_twice_is_done_once_and_answered_alike(station):
    station.ask()
    station.ask()
    assert station.answers(2) == [("done", "here")] * 2
    assert station.did == ["ping"]


def test_a_command_is_not_done_again_after_a_restart(station, tmp_path):
    station.ask()
    station.answers()
    again = Station(tmp_path)
    again.ask()
    assert again.answers() == [("done", "here")]
    assert again.did == []
    assert again.executor.stop(5)


def test_a_command_during_which_the_daemon_ended_is_not_done_again(station, tmp_path):
    DoneBefore(tmp_path / "commands.sqlite").take(order().body.decode().split('"')[3])
    station.ask()
    ((outcome, text),) = station.answers()
    assert (outcome, station.did) == ("refused", [])
    assert "whether it was done is not known" in text


def test_where_the_id_cannot_be_kept_nothing_is_done(station, tmp_path):
    (tmp_path / "commands.sqlite").mkdir()
    station.ask()
    assert station.answers()[0][0] == "refused"
    assert station.did == []


def test_a_command_that_breaks_is_answered_and_the_next_one_is_done(station):
    station.ask("fail", number=1)
    station.ask("ping", number=2)
    assert station.answers(2) == [("failed", "it broke"), ("done", "here")]


def test_what_cannot_be_read_is_counted_and_answered_to_nobody(station):
    station.executor.order("ping", b"nonsense", retained=False)
    station.ask()
    assert station.answers() == [("done", "here")]
    assert station.executor.counts.unread == 1


def test_the_answer_waits_to_be_said_before_what_may_end_the_daemon(station):
    station.ask("end")
    eventually(lambda: station.did == ["1 told before"])


def test_more_commands_than_may_wait_are_not_taken(station):
    station.ask("hang")
    eventually(lambda: station.did == ["hang"])
    for number in range(2, 4 + MOST_WAITING):
        station.ask(number=number)
    assert station.executor.counts.unanswered == 2
    station.gate.set()
    assert len(station.answers(1 + MOST_WAITING)) == 1 + MOST_WAITING


def test_an_answer_that_nobody_took_for_a_minute_is_of_no_use(station):
    station.ask()
    eventually(lambda: station.executor.counts.done == 1)
    station.clock.mono_ms += 61_000
    assert station.executor.replies() == []
    assert station.executor.counts.unanswered == 1


def test_a_stop_leaves_what_waits_undone(tmp_path):
    station = Station(tmp_path)
    station.ask("hang")
    eventually(lambda: station.did == ["hang"])
    station.ask(number=2)
    station.executor.ask_to_stop()
    assert not station.executor.stop(0.01)
    station.gate.set()
    assert station.executor.stop(5)
    assert station.did == ["hang"]
    assert station.executor.counts.unanswered == 1


def test_a_command_that_comes_after_the_stop_is_counted_and_left_undone(tmp_path, caplog):
    station = Station(tmp_path)
    assert station.executor.stop(5)
    station.ask()
    assert (station.did, station.executor.counts.unanswered) == ([], 1)
    assert "command ping was not taken: this part of the daemon stops" in caplog.text


def test_whoever_says_the_answers_is_woken(station):
    woken = threading.Event()
    station.executor.on_reply(woken.set)
    station.ask()
    assert woken.wait(5)
