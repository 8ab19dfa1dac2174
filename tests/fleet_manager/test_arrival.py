from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alert import AlertEvent
from edge_contracts.device import Birth
from edge_contracts.gap import GapEvent
from fleet_manager.arrival import judge
from tests.fakes.arrivals import EPOCH, WHERE, alert_arrival, alert_body, birth_arrival, changed, gap_arrival
from tests.fakes.letters import ADDRESS

ALERT = ADDRESS.topic("alert")


def test_an_alert_has_its_place_and_its_sender() -> None:
    arrival = alert_arrival(7)
    assert isinstance(arrival.content, AlertEvent)
    assert (arrival.address, arrival.epoch, arrival.seq) == (WHERE, EPOCH, 7)


def test_a_gap_and_a_birth_are_known_by_their_topic() -> None:
    assert isinstance(gap_arrival(3, (1, 2)).content, GapEvent)
    assert isinstance(birth_arrival().content, Birth)


def test_a_field_from_a_newer_station_is_no_reason_to_refuse() -> None:
    assert judge(ALERT, changed(alert_body(1), humidity=0.4)).content is not None


def test_one_station_cannot_speak_for_another() -> None:
    arrival = judge("lepton/1/plant/hall/station-2/alert", alert_body(5))
    assert arrival.content is None
    assert "the source says lepton/1/plant/hall/station-1" in arrival.why
    assert (arrival.address, arrival.seq) == ("plant/hall/station-2", 5)


def test_a_cause_that_this_manager_does_not_know_is_kept_with_its_place() -> None:
    body = alert_body(9)
    strange = changed(body, data={**json.loads(body)["data"], "cause": "magnetism"})
    arrival = judge(ALERT, strange)
    assert arrival.content is None
    assert (arrival.epoch, arrival.seq, arrival.body) == (EPOCH, 9, strange)
    assert "cause" in arrival.why


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1969-12-31T23:59:59Z", "3000-01-01T00:00:00Z"]
)
def test_an_alert_of_a_time_that_no_receiver_can_show_is_refused_with_its_place(time: str) -> None:
    arrival = judge(ALERT, changed(alert_body(9), time=time))
    assert (arrival.content, arrival.seq) == (None, 9)
    assert "set the station's clock" in arrival.why


def test_an_oversized_alert_is_refused_with_its_place() -> None:
    arrival = judge(ALERT, changed(alert_body(9), filler="x" * 5000))
    assert arrival.why.startswith("wanted at most 4096 bytes")
    assert arrival.seq == 9


@pytest.mark.parametrize(
    "topic",
    ["", "lepton", "lepton/1/plant/hall/alert", "lepton/2/plant/hall/station-1/alert", "lepton/1/Plant/hall/x/alert"],
)
def test_a_topic_of_nobody_gives_nobody_a_place(topic: str) -> None:
    arrival = judge(topic, alert_body(1))
    assert (arrival.address, arrival.seq, arrival.content) == ("", None, None)


@given(st.binary(max_size=400))
def test_no_bytes_stop_the_ingest(body: bytes) -> None:
    for leaf in ("alert", "gap", "birth", "stats"):
        arrival = judge(ADDRESS.topic(leaf), body)
        assert arrival.content is None
        assert arrival.why
        assert arrival.body == body


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"epoch":' * 5000, b"\x00" * 100_000, b'{"seq": 1e999}'])
def test_hostile_json_is_refused_without_harm(body: bytes) -> None:
    arrival = judge(ALERT, body)
    assert arrival.content is None
    assert len(arrival.body) <= 65_536


def test_the_same_nonsense_is_recognised_when_it_comes_again() -> None:
    assert judge(ALERT, b"nonsense").event_id == judge(ALERT, b"nonsense").event_id
