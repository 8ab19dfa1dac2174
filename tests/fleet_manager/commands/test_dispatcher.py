"""What is written down is sent when there is a broker, and marked when the broker has it."""

from __future__ import annotations

import itertools
import json
import os
from contextlib import contextmanager

from sqlalchemy import text

from fleet_manager.adapters.connection import Surroundings
from fleet_manager.commands.command_log import Wish, find_command, give_command
from fleet_manager.commands.command_post import CommandPost
from fleet_manager.dispatcher import Dispatcher
from fleet_manager.store.database import writing
from tests.fakes.broker_links import OPTIONS, FakeBroker, FakeLink
from tests.fakes.patience import eventually
from tests.fakes.stores import opened_store

NOW_MS = 1_700_000_000_000
WHERE = "plant/hall/station-1"


def give(engine, timeout_s=30, name="ping"):
    with writing(engine) as con:
        return give_command(con, Wish(WHERE, name, timeout_s), "anna", NOW_MS, os.urandom)


@contextmanager
def dispatching(tmp_path, broker, now_ms=NOW_MS, seconds=lambda: 0.0):
    store = opened_store(tmp_path / "fleet.sqlite")
    around = Surroundings(unix_ms=lambda: now_ms, draw=lambda: 0.0, make_link=broker.link, monotonic_s=seconds)
    made = Dispatcher(store.engine, OPTIONS, [CommandPost()], around)
    made.start()
    try:
        yield store.engine
    finally:
        made.stop()
        store.close()


def sent_ms(engine, number):
    with engine.connect() as con:
        return find_command(con, number).sent_ms


def test_a_command_goes_to_its_device_once_and_expires_with_its_time(tmp_path):
    broker = FakeBroker()
    with dispatching(tmp_path, broker) as engine:
        number = give(engine, name="restart")
        eventually(lambda: sent_ms(engine, number) == NOW_MS)
        (link,) = broker.connections
        ((topic, body, qos, retained),) = link.published
        assert (topic, qos, retained) == (f"lepton/1/{WHERE}/cmd/restart", 1, False)
        assert link.expiries_s == [30]
        assert json.loads(body)["expires"] == "2023-11-14T22:13:50Z"


def test_without_a_broker_it_waits(tmp_path):
    broker = FakeBroker()
    broker.is_up = False
    with dispatching(tmp_path, broker) as engine:
        number = give(engine)
        eventually(lambda: broker.attempts > 2)
        assert sent_ms(engine, number) is None
        broker.is_up = True
        eventually(lambda: sent_ms(engine, number) == NOW_MS)


def test_of_two_commands_the_one_that_the_broker_has_is_marked_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeLink, "is_confirmed", lambda _link, mid: mid == 1)
    broker = FakeBroker()
    broker.is_up = False
    ticks = itertools.count()
    with dispatching(tmp_path, broker, seconds=lambda: float(next(ticks))) as engine:
        first, second = give(engine), give(engine)
        broker.is_up = True
        eventually(lambda: sent_ms(engine, first) == NOW_MS)
        eventually(lambda: len(broker.connections[0].published) > 2)
        assert sent_ms(engine, second) is None


def test_one_whose_time_is_over_is_never_sent(tmp_path):
    broker = FakeBroker()
    with dispatching(tmp_path, broker, now_ms=NOW_MS + 31_000) as engine:
        give(engine)
        number = give(engine, timeout_s=60)
        eventually(lambda: sent_ms(engine, number) is not None)
        assert len(broker.connections[0].published) == 1


def test_what_the_broker_does_not_confirm_is_sent_again_under_its_id(tmp_path):
    broker = FakeBroker()
    broker.confirms = False
    ticks = itertools.count()
    with dispatching(tmp_path, broker, seconds=lambda: float(next(ticks))) as engine:
        number = give(engine)
        eventually(lambda: broker.connections and len(broker.connections[0].published) >= 2)
        broker.confirms = True
        eventually(lambda: sent_ms(engine, number) is not None)
        assert len({body for _, body, _, _ in broker.connections[0].published}) == 1


class AwayPost:
    """Its rows cannot be read while the database is away; they are never due."""

    def __init__(self):
        self.is_away, self.asked = True, 0

    def due(self, con, _now_ms):
        self.asked += 1
        if self.is_away:
            con.execute(text("SELECT * FROM nowhere"))
        return ()

    def sent(self, con, numbers, now_ms): ...

    def connected(self): ...


def test_an_outage_of_the_database_is_said_once_and_costs_no_connection(tmp_path, caplog):
    broker, post = FakeBroker(), AwayPost()
    store = opened_store(tmp_path / "fleet.sqlite")
    around = Surroundings(draw=lambda: 0.0, make_link=broker.link, monotonic_s=lambda: 0.0)
    made = Dispatcher(store.engine, OPTIONS, [post], around)
    made.start()
    eventually(lambda: post.asked > 5)
    post.is_away = False
    eventually(lambda: len(caplog.messages) == 2)
    made.stop()
    store.close()
    assert len(broker.connections) == 1
    assert "the database answers" in caplog.messages[0]
    assert "answers again" in caplog.messages[1]
    assert not any(record.exc_info for record in caplog.records)
