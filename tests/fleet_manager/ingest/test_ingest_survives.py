"""Whatever a device sends, the receiver goes on: what the judge accepts, the store takes."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from edge_contracts.message import COUNT_MAX, SEQ_MAX
from fleet_manager.arrival import judge
from fleet_manager.desk.couriers import Couriers
from fleet_manager.desk.desk import Desk
from fleet_manager.desk.desk_health import DeskHealth
from fleet_manager.ingest.watchers import JsonWatcher
from fleet_manager.store.alert_store import AlertStore, Word
from fleet_manager.store.tables import alerts
from tests.fakes.arrivals import EPOCH, WHERE, alert_arrival, alert_body, birth_arrival, gap_arrival, minute_body
from tests.fakes.desks import NOON_MS
from tests.fakes.device_words import alarm, body, online, point, state
from tests.fakes.letters import ADDRESS
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

pytestmark = pytest.mark.slow

OTHER = "00000000000000cc"
HUGE = (2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, 2**70, -(2**70), 10**300)
FLOATS = (1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan"))
TEXTS = ("\ud800", "\udfff\ud800", "a\0b", "\0", "\u2028", "\x1b[2J", "x" * 3000, "\U0001f600" * 128, "")
TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00+23:59", 253_402_300_799, 1e18)
adversarial = st.recursive(
    st.sampled_from((*HUGE, *FLOATS, *TEXTS, *TIMES, None, True, 1)) | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
GENUINE = {
    "alert": json.loads(alert_body(1)),
    "gap": json.loads(gap_arrival(3, (1, 2)).body),
    "birth": json.loads(birth_arrival().body),
    "stats": json.loads(minute_body(2)),
    "state": json.loads(body(state(point()))),
    "status": json.loads(body(online())),
    "alarm/camera": json.loads(body(alarm())),
    "res": {"id": "00000000-0000-7000-8000-000000000001", "name": "identify", "outcome": "done", "text": ""},
}
LOOSE = {"gap", "birth", "stats", "state", "status", "alarm/camera", "res"}
"""What leaves no row of its own behind, so that only its effect on others can be seen."""


def paths(document: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    return [so_far] * bool(so_far) + [path for key in keys for path in paths(document[key], (*so_far, key))]


def spoilt(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = json.loads(json.dumps(document))
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, bytes]:
    """A genuine message with one or two values replaced, or with a field of a newer sender."""
    leaf = draw(st.sampled_from(sorted(GENUINE)))
    document = GENUINE[leaf]
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([*paths(document), ("from_a_newer_sender",)]))
        document = spoilt(document, path, draw(adversarial))
        document = document if isinstance(document, dict) else GENUINE[leaf]
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    return leaf, text.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    store = opened_store(tmp_path_factory.mktemp("evil") / "alerts.sqlite", itertools.count(NOON_MS).__next__)
    raw = store.engine.raw_connection()
    raw.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined] - thousands of commits that nobody will miss
    raw.close()
    receiver = Receiver(store)
    yield receiver
    receiver.follows()
    store.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=messages())
def test_whatever_the_judge_accepts_the_store_takes(receiver: Receiver, message: tuple[str, bytes]) -> None:
    receiver.takes(*message)


@pytest.mark.parametrize("leaf", sorted(GENUINE))
def test_no_known_evil_in_any_field_stops_the_receiver(receiver: Receiver, leaf: str) -> None:
    for path in [*paths(GENUINE[leaf]), ("from_a_newer_sender",)]:
        for evil in (*HUGE, *FLOATS, *TEXTS, *TIMES):
            document = spoilt(GENUINE[leaf], path, evil)
            receiver.takes(leaf, json.dumps(document).encode())
    for depth in (100, 190, 210, 900):
        receiver.takes(leaf, alert_body(1).replace(b"{", b'{"deep":' + b"[" * depth + b"]" * depth + b",", 1))


@pytest.mark.parametrize("fleet_engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("leaf", sorted(GENUINE))
def test_no_known_evil_text_in_any_field_stops_a_postgresql(fleet_engine: Engine, leaf: str) -> None:
    receiver = Receiver(AlertStore(fleet_engine, itertools.count(NOON_MS).__next__))
    for path in [*paths(GENUINE[leaf]), ("from_a_newer_sender",)]:
        for evil in ("\ud800", "a\0b", "\0"):
            receiver.takes(leaf, json.dumps(spoilt(GENUINE[leaf], path, evil)).encode())
    receiver.follows()


def test_the_alert_of_a_part_whose_name_has_a_nul_is_an_alert(fleet_engine: Engine) -> None:
    store = AlertStore(fleet_engine, lambda: 0)
    document = spoilt(spoilt(GENUINE["alert"], ("data", "part"), "EAN\0 7"), ("data", "label"), "dent\0")
    taken = store.take([judge(ADDRESS.topic("alert"), json.dumps(document).encode())])
    assert (len(taken.alerts), taken.refused) == (1, ())
    with fleet_engine.connect() as con:
        assert con.execute(select(alerts.c.part, alerts.c.label)).all() == [("EAN\\0 7", "dent\\0")]


class Receiver:
    """A store that gets each message twice, beside a genuine alert of another station, and a desk that follows."""

    def __init__(self, store: AlertStore) -> None:
        self._store, self._seq = store, 0
        self._desk = Desk(store.engine, QuietCouriers(), lambda: NOON_MS, refuse_to_say)

    def follows(self) -> None:
        """All that is stored can be counted, joined to cases and looked at."""
        while self._desk.follow_once():
            pass
        assert self._desk.health == DeskHealth()

    def takes(self, leaf: str, body: bytes) -> None:
        self._seq += 1
        arrival, beside = judge(ADDRESS.topic(leaf), body), alert_arrival(self._seq, OTHER)
        taken = self._store.take([arrival, beside])
        assert beside in taken.alerts
        kept = {one.event_id for one in (*taken.alerts, *taken.refused)}
        assert arrival.event_id in kept or taken.duplicates or leaf in LOOSE
        assert all("the store could not take it" not in refused.why for refused in taken.refused)
        assert Word(WHERE, OTHER, self._seq) in taken.words
        assert self._store.take([arrival]).alerts == ()
        watcher = JsonWatcher(lambda _: None, lambda: None, None, strictly_json)
        watcher.stored(taken)
        if leaf == "state":
            self.follows()


class QuietCouriers(Couriers):
    """Take nothing out."""

    def __init__(self) -> None:
        pass


def refuse_to_say(line: str) -> None:
    raise AssertionError(line)


def strictly_json(line: str) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON: {line}")

    json.loads(line, parse_constant=refuse)
    line.encode()


@pytest.mark.parametrize("field", ["count", "bytes", "mono"])
def test_no_integer_on_the_wire_is_too_large_for_the_store(field: str) -> None:
    document = json.loads(alert_body(1))
    target = document if field == "mono" else document["data"]
    target[field] = 2**70
    if field == "bytes":
        document["data"]["evidence"] = [{"kind": "image", "sha256": "0" * 64, "media_type": "x", "bytes": 2**70}]
    arrival = judge(ADDRESS.topic("alert"), json.dumps(document).encode())
    assert arrival.content is None
    assert (arrival.epoch, arrival.seq) == (EPOCH, 1)
    assert str(COUNT_MAX if field == "count" else SEQ_MAX) in arrival.why


def test_a_row_that_the_database_cannot_hold_is_kept_and_does_not_stop_its_batch(tmp_path: Path) -> None:
    good = alert_arrival(1)
    assert good.content is not None
    data = good.content.data.model_copy(update={"count": 2**70})  # type: ignore[union-attr]
    poison = judge(ADDRESS.topic("alert"), alert_body(2))
    poison = type(poison)(
        **{name: getattr(poison, name) for name in ("topic", "address", "body", "event_id", "epoch", "seq", "why")},
        content=poison.content.model_copy(update={"data": data}),  # type: ignore[union-attr]
    )
    store = opened_store(tmp_path / "alerts.sqlite")
    with closing(store):
        taken = store.take([good, poison, alert_arrival(3)])
        assert [arrival.seq for arrival in taken.alerts] == [1, 3]
        assert "the store could not take it" in taken.refused[0].why
        assert taken.words == (Word(WHERE, EPOCH, 3),)
        again = store.take([poison])
        assert (again.duplicates, again.refused) == (1, ())
    with closing(sqlite3.connect(tmp_path / "alerts.sqlite")) as con:
        assert con.execute("SELECT seq, body FROM refused").fetchall() == [(2, poison.body)]
