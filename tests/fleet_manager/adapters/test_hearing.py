"""Only what a device truly says of its present state is news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alarm import AlarmType
from edge_contracts.topics import LEAVES
from fleet_manager.adapters.hearing import FILTERS, Hearing
from fleet_manager.adapters.news import Gone, Said
from tests.fakes.arrivals import alert_body, changed
from tests.fakes.device_words import STATION, alarm, birth, body, offline, online, state

WORDS = {
    "status": online(),
    "birth": birth("line-1"),
    "state": state(),
    "alarm/camera": alarm(),
}


@pytest.mark.parametrize("leaf", WORDS)
def test_each_word_of_a_device_is_news(leaf):
    assert Hearing().hear(STATION.topic(leaf), body(WORDS[leaf])) == Said(STATION, WORDS[leaf])


def test_every_state_that_a_device_speaks_of_is_subscribed_to():
    spoken = {name for name, leaf in LEAVES.items() if leaf.from_device} - {"gap", "stats", "reported", "res", "doctor"}
    assert {one.split("/", 5)[5].replace("+", "{type}") for one in FILTERS} == spoken


def test_a_will_that_comes_after_the_device_is_back_is_no_news():
    hearing = Hearing()
    hearing.hear(STATION.topic("status"), body(online(8)))
    assert hearing.hear(STATION.topic("status"), body(offline(7))) is None
    assert hearing.hear(STATION.topic("status"), body(offline(8))) == Said(STATION, offline(8))


def test_a_device_with_a_new_spool_counts_its_sessions_anew():
    hearing = Hearing()
    hearing.hear(STATION.topic("status"), body(online(57)))
    hearing.hear(STATION.topic("status"), body(online(1)))
    assert hearing.hear(STATION.topic("status"), body(offline(1))) == Said(STATION, offline(1))


def test_alerts_from_the_backlog_are_not_the_last_alert():
    hearing = Hearing()
    topic = STATION.topic("alert")
    heard = [hearing.hear(topic, alert_body(seq)) for seq in (5, 5, 3, 6)]
    assert [said is not None for said in heard] == [True, False, False, True]
    assert hearing.hear(topic, alert_body(1, epoch="00000000000000bb")) is not None


def test_a_birth_that_is_cleared_is_a_device_that_is_gone():
    hearing = Hearing()
    hearing.hear(STATION.topic("alert"), alert_body(5))
    assert hearing.hear(STATION.topic("birth"), b"") == Gone(STATION)
    assert hearing.hear(STATION.topic("state"), b"") is None
    assert hearing.hear(STATION.topic("alert"), alert_body(2)) is not None


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("lepton/1/plant/hall/Station", body(online())),
        ("lepton/1/PLANT/hall/station-1/status", body(online())),
        ("lepton/1/plant/hall/station-1/nonsense", body(online())),
        (STATION.topic("status"), b'{"status": "asleep"}'),
        (STATION.topic("status"), b"\xff"),
        (STATION.topic("state"), body(state()) + b" " * 5000),
        (STATION.topic("alarm/disk"), body(alarm(AlarmType.CAMERA))),
        (STATION.topic("alert"), changed(alert_body(1), source="lepton/1/plant/hall/station-9")),
    ],
)
def test_what_is_not_a_devices_own_word_is_passed_over_and_counted(topic, said):
    hearing = Hearing()
    assert hearing.hear(topic, said) is None
    assert hearing.passed_over == 1


@given(
    st.sampled_from([*WORDS, "alert", "gap", "x", "alarm/"]).map(lambda leaf: f"lepton/1/plant/hall/station-1/{leaf}")
    | st.text(max_size=40),
    st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b'{"status":1e999}', b"[" * 100]),
)
def test_no_message_breaks_the_hearing(topic, said):
    heard = Hearing().hear(topic, said)
    assert heard is None or isinstance(heard, Gone)
