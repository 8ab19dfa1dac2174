"""What crosses the wire round-trips, tolerates newer senders and refuses what cannot be true."""

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_contracts.alert import Alert, AlertEvent
from edge_contracts.errors import BadInputError
from edge_contracts.gap import Gap
from edge_contracts.identifiers import uuid7
from edge_contracts.topics import LEAVES, DeviceAddress, filter_for, parse_topic
from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_contracts.wire_time import END_MS, wire_time

slugs = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
faults = st.sampled_from(sorted(set(Cause) - {Cause.CLEAN, Cause.THRESHOLD}))
finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def alert_events(draw):
    outcome = draw(st.sampled_from([Outcome.DEFECT, Outcome.UNKNOWN]))
    alert = Alert(
        point=draw(slugs),
        part=draw(st.text(min_size=1, max_size=128)),
        outcome=outcome,
        cause=Cause.THRESHOLD if outcome is Outcome.DEFECT else draw(faults),
        reason=draw(st.text(max_size=512)),
        score=draw(st.none() | finite),
        latency_ms=draw(st.floats(0, 1e6)),
        count=draw(st.integers(1, 1000)),
    )
    return AlertEvent(
        id=uuid7(draw(st.integers(0, 2**48 - 1)), draw(st.binary(min_size=10, max_size=10))),
        source=DeviceAddress(draw(slugs), draw(slugs), draw(slugs)).source,
        time=draw(st.integers(0, END_MS - 1).map(wire_time)),
        epoch=draw(st.from_regex(r"[0-9a-f]{16}", fullmatch=True)),
        seq=draw(st.integers(1, 2**53 - 1)),
        mono=draw(st.integers(0, 2**40)),
        data=alert,
    )


@given(event=alert_events())
def test_an_alert_comes_back_from_the_wire_as_it_went(event):
    assert AlertEvent.model_validate_json(event.model_dump_json()) == event


@given(event=alert_events(), name=st.text(min_size=1).filter(lambda n: n not in AlertEvent.model_fields))
def test_a_field_from_a_newer_sender_is_ignored(event, name):
    document = json.loads(event.model_dump_json()) | {name: "new"}
    document["data"] |= {"a_field_of_version_two": 1}
    assert AlertEvent.model_validate(document) == event


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [("unknown", "threshold"), ("defect", "dark"), ("unknown", "clean"), ("defect", "clean"), ("good", "clean")],
)
def test_an_alert_whose_cause_contradicts_its_outcome_is_refused(outcome, cause):
    with pytest.raises(ValidationError):
        Alert(point="a", part="1", outcome=outcome, cause=cause, reason="", latency_ms=0)


@given(cause=st.sampled_from(list(Cause)))
def test_no_fault_ever_reads_as_good(cause):
    def judged(outcome):
        return Verdict("a", "1", outcome, cause, "", None, None, None, None, 0, 0, 0.0)

    accepted = []
    for outcome in Outcome:
        try:
            accepted.append(judged(outcome).outcome)
        except ValueError:
            continue
    assert accepted == {
        Cause.CLEAN: [Outcome.GOOD],
        Cause.THRESHOLD: [Outcome.DEFECT],
    }.get(cause, [Outcome.UNKNOWN])


def test_a_gap_states_exactly_how_many_it_covers():
    ranges = [{"first": 3, "last": 5}, {"first": 9, "last": 9}]
    assert Gap(of_epoch="0" * 16, ranges=ranges, count=4, why="shed").count == 4
    with pytest.raises(ValidationError, match="wanted count = 4"):
        Gap(of_epoch="0" * 16, ranges=ranges, count=5, why="shed")
    with pytest.raises(ValidationError, match="first <= last"):
        Gap(of_epoch="0" * 16, ranges=[{"first": 5, "last": 3}], count=1, why="shed")


@given(unix_ms=st.integers(0, 2**48 - 1), noise=st.binary(min_size=10, max_size=10))
def test_an_id_is_a_version_7_uuid_that_sorts_by_time(unix_ms, noise):
    made = uuid.UUID(uuid7(unix_ms, noise))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == unix_ms


@given(org=slugs, site=slugs, device=slugs)
def test_a_topic_names_its_device(org, site, device):
    address = DeviceAddress(org, site, device)
    assert parse_topic(address.topic("alarm/camera")) == (address, "alarm/camera")
    assert address.topic("alert").count("/") <= 7
    assert filter_for("alert").count("/") == address.topic("alert").count("/")


@pytest.mark.parametrize("topic", ["", "lepton/1/a/b", "lepton/2/a/b/c/alert", "other/1/a/b/c/alert"])
def test_a_topic_of_another_house_is_refused(topic):
    with pytest.raises(BadInputError, match="wanted a topic"):
        parse_topic(topic)


def test_a_topic_that_is_in_no_table_cannot_be_spoken_on():
    with pytest.raises(BadInputError, match="wanted a topic of status, birth"):
        DeviceAddress("acme", "north", "line-1").topic("rumour")


def test_every_topics_payload_has_its_schema():
    schemas = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
    for leaf in LEAVES.values():
        assert leaf.schema is None or (schemas / f"{leaf.schema}.json").is_file()
