"""A command is a row before it is on the wire, and ends by its device's own word or by its time."""

from __future__ import annotations

import json
import random

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.arrival import judge
from fleet_manager.commands.command import CommandState
from fleet_manager.commands.command_log import (
    Wish,
    find_command,
    give_command,
    list_commands,
    note_sent,
    unsent_commands,
)
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import writing

WHERE = "plant/hall/station-1"
NOW_MS = 1_700_000_000_000


class Ledger:
    def __init__(self, engine):
        self.engine, self.now_ms, self.draw = engine, NOW_MS, random.Random(1).randbytes
        self.store = AlertStore(engine, lambda: self.now_ms)

    def give(self, name="ping", address=WHERE, timeout_s=30):
        with writing(self.engine) as con:
            return give_command(con, Wish(address, name, timeout_s), "anna", self.now_ms, self.draw)

    def send(self, number):
        with writing(self.engine) as con:
            note_sent(con, [number], self.now_ms)

    def find(self, number):
        with self.engine.connect() as con:
            return find_command(con, number)

    def state(self, number):
        return self.find(number).state(self.now_ms)

    def answer(self, number, outcome="done", text="here", address=WHERE, name="ping"):
        body = {"id": self.find(number).command_id, "name": name, "outcome": outcome, "text": text}
        return self.store.take([judge(f"lepton/1/{address}/res", json.dumps(body).encode())])

    def waiting(self):
        with self.engine.connect() as con:
            return [one.id for one in unsent_commands(con, self.now_ms)]


@pytest.fixture
def ledger(fleet_engine):
    return Ledger(fleet_engine)


def test_a_command_waits_is_sent_and_done(ledger):
    number = ledger.give()
    assert ledger.state(number) is CommandState.WAITING
    assert ledger.waiting() == [number]
    ledger.send(number)
    assert (ledger.state(number), ledger.waiting()) == (CommandState.SENT, [])
    assert ledger.answer(number).refused == ()
    found = ledger.find(number)
    assert (found.state(NOW_MS), found.words(NOW_MS), found.who) == (CommandState.DONE, "here", "anna")


@pytest.mark.parametrize("outcome", ["done", "refused", "failed"])
def test_the_devices_word_is_the_state(ledger, outcome):
    number = ledger.give()
    ledger.answer(number, outcome)
    assert ledger.state(number).value == outcome


@pytest.mark.parametrize(("is_sent", "words"), [(True, "did not answer"), (False, "never reached the broker")])
def test_a_device_that_is_away_is_a_time_out(ledger, is_sent, words):
    number = ledger.give()
    if is_sent:
        ledger.send(number)
    ledger.now_ms += 30_001
    assert ledger.state(number) is CommandState.TIMED_OUT
    assert words in ledger.find(number).words(ledger.now_ms)
    assert ledger.waiting() == []


def test_an_answer_after_the_time_counts_and_says_that_it_was_late(ledger):
    number = ledger.give()
    ledger.send(number)
    ledger.now_ms += 45_000
    ledger.answer(number)
    assert ledger.state(number) is CommandState.DONE
    assert ledger.find(number).words(ledger.now_ms) == "here (answered 15 s after its time)"


def test_the_first_answer_counts(ledger):
    number = ledger.give()
    ledger.answer(number)
    assert ledger.answer(number, "refused", "again").refused == ()
    assert ledger.find(number).answer == "here"


@pytest.mark.parametrize("stranger", [{"address": "plant/hall/station-2"}, {"name": "restart"}])
def test_an_answer_from_somebody_who_was_not_asked_is_kept_in_quarantine(ledger, stranger):
    number = ledger.give()
    (refused,) = ledger.answer(number, **stranger).refused
    assert "was not given" in refused.why
    assert ledger.state(number) is CommandState.WAITING


def test_an_answer_stands_beside_alerts_in_one_batch(ledger):
    number = ledger.give()
    body = {"id": ledger.find(number).command_id, "name": "ping", "outcome": "done", "text": "a\0b"}
    topic = f"lepton/1/{WHERE}"
    status = judge(f"{topic}/status", b'{"status": "online", "session": 1}')
    assert ledger.store.take([status, judge(f"{topic}/res", json.dumps(body).encode())]).refused == ()
    assert ledger.find(number).answer == "a\\0b"


def test_commands_are_listed_newest_first_and_page_by_page(ledger):
    numbers = [ledger.give(), ledger.give(address="plant/hall/other"), ledger.give("restart"), ledger.give()]
    with ledger.engine.connect() as con:
        first = list_commands(con, WHERE, limit=2)
        second = list_commands(con, WHERE, before=first[-1].id)
    assert [one.id for one in (*first, *second)] == [numbers[3], numbers[2], numbers[0]]


@pytest.mark.parametrize(("name", "timeout_s"), [("format-disk", 30), ("ping", 0), ("ping", 3601)])
def test_what_no_device_knows_is_never_written_down(name, timeout_s):
    with pytest.raises(BadInputError, match="wanted"):
        Wish(WHERE, name, timeout_s)
