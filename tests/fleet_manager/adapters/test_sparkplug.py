"""The edge node keeps the rules of Sparkplug 3.0.0, whatever devices, hosts and connections do.

The rules are in `tests/fakes/sparkplug_host.py`, each with the name that the specification gives it.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.adapters.sparkplug.payload import DataType, Metric, Payload
from fleet_manager.adapters.sparkplug.settings import SparkplugSettings
from tests.fakes.device_words import (
    ABROAD,
    OTHER,
    STATION,
    alarm,
    alert_event,
    birth,
    offline,
    online,
    point,
    state,
)
from tests.fakes.sparkplug_host import NODE
from tests.fakes.sparkplug_line import CODEC, NCMD, NOW_MS, REBIRTH, Line
from tests.fakes.sparkplug_wire import read_payload


@pytest.fixture
def line():
    return Line().connect()


@pytest.fixture
def station(line):
    line.tell(online(), birth("line-1"), state(point()))
    line.kinds()
    return line


def test_tck_id_message_flow_edge_node_ncmd_subscribe(line):
    assert line.filters == (NCMD,)


def test_a_device_is_born_when_it_is_online_and_has_said_what_it_is(line):
    line.kinds()
    line.tell(birth("line-1"))
    assert "DBIRTH" not in line.kinds()
    line.tell(online())
    assert line.kinds() == ["DBIRTH", "NDATA"]


def test_tck_id_topics_dbirth_metric_reqs_all_metrics_are_named_before_they_have_values(line):
    line.tell(online(), birth("line-1"))
    born = line.host.metrics["station-1"]
    assert born["Points/line-1/Good"] is None
    line.tell(state(point(good=8)), alarm(), alert_event(1, part="A-17"))
    now = line.host.metrics["station-1"]
    assert now.keys() == born.keys()
    assert now["Points/line-1/Good"] == 8
    assert now["Points/line-1/Last Verdict"] == "good"
    assert now["Points/line-1/Last Alert/Part"] == "A-17"
    assert now["Alarms/camera/Active"] is True
    assert now["Health/Temperature"] == 51.5
    assert now["Properties/Hardware"] == "Raspberry Pi 5"


def test_report_by_exception_only_what_changed_is_said(station):
    station.tell(state(point()))
    assert station.kinds() == []
    station.tell(state(point(good=8)))
    assert station.kinds() == ["DDATA"]


def test_tck_id_operational_behavior_device_ddeath(station):
    station.tell(offline())
    assert station.kinds() == ["DDEATH", "NDATA"]
    assert station.host.metrics.keys() == {NODE}
    station.tell(online(2))
    assert station.host.metrics["station-1"]["Points/line-1/Good"] == 7


def test_a_device_that_inspects_something_else_now_is_born_again(station):
    station.tell(birth("line-2"))
    assert station.kinds() == ["DBIRTH"]
    assert "Points/line-2/Good" in station.host.metrics["station-1"]
    assert "Points/line-1/Good" not in station.host.metrics["station-1"]


def test_devices_that_nobody_hears_are_dead_until_they_are_heard_again(station):
    station.tell(online(), birth("line-1"), device=OTHER)
    station.news(Unheard())
    assert station.host.dead_devices == ["station-1", "station-2"]
    station.tell(online())
    assert station.host.metrics.keys() == {NODE, "station-1"}


def test_a_device_that_is_silent_is_dead_alone_until_it_is_heard_again(station):
    station.tell(online(), birth("line-1"), device=OTHER)
    station.news(Unheard(OTHER))
    assert station.host.dead_devices == ["station-2"]
    station.tell(online(), device=OTHER)
    assert station.host.metrics.keys() == {NODE, "station-1", "station-2"}


def test_a_device_that_is_gone_dies_and_is_not_born_again(station):
    station.news(Gone(STATION))
    assert station.kinds() == ["DDEATH", "NDATA"]
    station.hear(NCMD, REBIRTH)
    assert station.kinds() == ["NBIRTH"]


def test_devices_of_other_sites_are_passed_over(station):
    station.tell(online(), birth("line-1"), device=ABROAD)
    station.news(Gone(ABROAD))
    assert station.kinds() == []


def test_the_node_counts_its_devices(station):
    station.tell(offline(), device=OTHER)
    assert station.host.metrics[NODE] | {"Devices/Known": 2, "Devices/Online": 1} == station.host.metrics[NODE]


def test_tck_id_operational_behavior_data_commands_rebirth_action_2_all_births_come_again(station):
    station.tell(online(), birth("line-1"), device=OTHER)
    station.kinds()
    before = json.loads(json.dumps(station.host.metrics))
    station.hear(NCMD, REBIRTH)
    assert station.kinds() == ["NBIRTH", "DBIRTH", "DBIRTH"]
    assert station.host.metrics == before


def test_aliases_are_given_anew_with_each_node_birth(station):
    for number in range(5):
        station.tell(birth(f"point-{number}"))
    declared = [
        metric.alias
        for one in station.node.heard(NCMD, REBIRTH, NOW_MS)
        for metric in read_payload(one.body).metrics
        if metric.alias is not None
    ]
    assert sorted(declared) == list(range(len(declared)))


def test_a_rebirth_that_is_not_asked_for_is_not_given(station):
    for metric in (
        Metric(DataType.BOOLEAN, False, 1, "Node Control/Rebirth"),
        Metric(DataType.BOOLEAN, True, 1, "Node Control/Reboot"),
        Metric(DataType.INT64, 1, 1, "Node Control/Rebirth"),
    ):
        station.hear(NCMD, CODEC.encode(Payload(1, (metric,))))
    assert station.kinds() == []


@given(st.binary(max_size=80))
def test_no_command_breaks_the_edge_node(noise):
    line = Line().connect()
    line.kinds()
    line.hear(NCMD, noise)
    assert set(line.kinds()) <= {"NBIRTH"}


def test_tck_id_operational_behavior_edge_node_intentional_disconnect_ndeath(station):
    station.leave()
    assert station.kinds() == ["NDEATH"]
    assert not station.host.is_online


def test_tck_id_payloads_ddata_seq_inc_the_sequence_wraps_after_255(station):
    for good in range(600):
        station.tell(state(point(good=1000 + good)))
    assert station.host.metrics["station-1"]["Points/line-1/Good"] == 1599


def test_tck_id_topics_nbirth_bdseq_increment_the_number_wraps_after_255():
    line = Line()
    for _ in range(600):
        line.connect().cut()
    assert line.host.births == 600


def test_what_was_said_while_there_was_no_connection_is_in_the_births(station):
    station.cut()
    terms = station.node.terms(NOW_MS)
    assert list(station.node.tell(Said(STATION, state(point(good=99))), NOW_MS)) == []
    station.host.connects(terms.will)
    for one in station.node.connected(NOW_MS):
        station.host.hears(one)
    assert station.host.metrics["station-1"]["Points/line-1/Good"] == 99


HOSTED = SparkplugSettings(org="plant", site="hall", primary_host="scada")
STATE = "spBv1.0/STATE/scada"


def _host_word(timestamp_ms, *, online):
    return json.dumps({"online": online, "timestamp": timestamp_ms}).encode()


@pytest.fixture
def hosted():
    return Line(HOSTED).connect()


def test_tck_id_message_flow_edge_node_birth_publish_phid_wait(hosted):
    assert hosted.filters == (NCMD, STATE)
    hosted.tell(online(), birth("line-1"))
    hosted.hear(STATE, _host_word(5, online=False))
    hosted.hear(NCMD, REBIRTH)
    assert hosted.kinds() == []
    assert not hosted.node.wants_out
    hosted.hear(STATE, _host_word(6, online=True))
    assert hosted.kinds() == ["NBIRTH", "DBIRTH"]


def test_tck_id_message_flow_edge_node_birth_publish_phid_offline(hosted):
    hosted.hear(STATE, _host_word(6, online=True))
    hosted.hear(STATE, _host_word(7, online=False))
    assert hosted.node.wants_out
    hosted.leave()
    assert hosted.kinds() == ["NBIRTH", "NDEATH"]
    hosted.connect()
    assert not hosted.node.wants_out
    assert hosted.kinds() == []


def test_tck_id_message_flow_edge_node_birth_publish_phid_wait_timestamp_older_words_are_ignored(hosted):
    hosted.hear(STATE, _host_word(6, online=True))
    hosted.hear(STATE, _host_word(5, online=False))
    assert not hosted.node.wants_out


def test_a_broker_that_delivers_what_nobody_asked_for_changes_nothing(hosted, caplog):
    for topic in (STATION.topic("status"), "spBv1.0/STATE/other", "spBv1.0/hall/NCMD/other"):
        hosted.hear(topic, _host_word(5, online=True))
    assert hosted.kinds() == []
    assert caplog.text == ""


@given(st.binary(max_size=60) | st.sampled_from([b"null", b"[]", b'{"online":true,"timestamp":-1}']))
def test_no_word_of_a_host_breaks_the_edge_node(said):
    hosted = Line(HOSTED).connect()
    hosted.hear(STATE, said)
    assert hosted.kinds() == []


@pytest.mark.parametrize("said", [b"ONLINE", b"{}", b'{"online": 1, "timestamp": 5}', b"\xff", b'{"online": true}'])
def test_a_host_of_another_version_is_not_taken_for_online(hosted, said):
    hosted.hear(STATE, said)
    assert hosted.kinds() == []


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(max_size=20),
    st.integers(0, 255),
)
def test_every_value_that_is_encoded_is_read_from_the_bytes_themselves(whole, real, truth, words, seq):
    metrics = (
        Metric(DataType.INT64, whole, 3, "whole", 1),
        Metric(DataType.DOUBLE, real, 3, alias=2),
        Metric(DataType.BOOLEAN, truth, 3, alias=3),
        Metric(DataType.STRING, words, 3, alias=4),
        Metric(DataType.STRING, None, 3, "nothing"),
    )
    said = read_payload(CODEC.encode(Payload(9, metrics, seq)))
    assert (said.timestamp, said.seq) == (9, seq)
    assert [one.value for one in said.metrics] == [whole % 2**64, real, truth, words, None]
    assert [(one.name, one.alias, one.datatype) for one in said.metrics[:2]] == [("whole", 1, 4), (None, 2, None)]
    assert [one.is_null for one in said.metrics] == [False] * 4 + [True]
