"""What a link of the manager leaves at a real broker: its will, and no session where it wants none."""

from __future__ import annotations

import time

import pytest
from line_broker import LineBroker, Programmer

from edge_contracts.reconnect import TAKEN_OVER, MqttVersion
from fleet_manager.ingest.broker_link import BrokerClosed, BrokerLink, BrokerOptions, Will
from tests.fakes.patience import eventually

pytestmark = pytest.mark.system
WILL = Will("line/will", b"gone")


@pytest.fixture
def broker(tmp_path):
    with LineBroker(tmp_path) as running:
        yield running


@pytest.fixture
def programmer(broker):
    with_ears = Programmer(broker.port)
    yield with_ears
    with_ears.close()


def _link(broker, version=MqttVersion.V5, will=WILL):
    options = BrokerOptions("127.0.0.1", broker.port, "lepton-link")
    return BrokerLink(options, version, will=will, keeps_session=False)


@pytest.mark.parametrize("version", list(MqttVersion))
def test_the_will_is_said_when_the_link_is_cut(broker, programmer, version):
    link = _link(broker, version)
    link.open((), time.monotonic)
    link.cut()
    eventually(lambda: programmer.bodies("line/will") == [b"gone"])


@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_farewell_arrives_and_the_will_is_not_said(broker, programmer, version):
    link = _link(broker, version)
    link.open((), time.monotonic)
    link.publish("line/farewell", b"bye", 1, retain=True)
    link.close()
    eventually(lambda: programmer.bodies("line/farewell") == [b"bye"])
    programmer.publish("line/after", b"")
    eventually(lambda: programmer.bodies("line/after"))
    assert programmer.bodies("line/will") == []


@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_farewell_arrives_behind_much_that_is_not_yet_confirmed(broker, programmer, version):
    link = _link(broker, version)
    link.open((), time.monotonic)
    for number in range(300):
        link.publish(f"line/{number}", b"", 1)
    assert link.is_behind
    link.publish("line/farewell", b"bye", 1)
    link.close()
    eventually(lambda: programmer.bodies("line/farewell") == [b"bye"])
    assert len(programmer.heard) == 301


def test_a_link_is_not_behind_once_all_is_confirmed(broker):
    link = _link(broker)
    link.open((), time.monotonic)
    for number in range(300):
        link.publish(f"line/{number}", b"", 1)
    eventually(lambda: link.turn(0.05) or not link.is_behind)
    link.close()


def test_a_topic_that_the_broker_refuses_is_told(tmp_path, caplog):
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite line/#\n")
    acl.chmod(0o644)
    with LineBroker(tmp_path, "user root", f"acl_file {acl}") as strict:
        link = _link(strict)
        link.open((), time.monotonic)
        link.publish("elsewhere", b"", 1)
        eventually(lambda: link.turn(0.05) or "elsewhere" in caplog.text)
        link.close()
    assert "check the broker's ACL" in caplog.text


@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_clean_link_finds_nothing_of_the_time_that_it_was_away(broker, programmer, version):
    for life in ("first", "second"):
        link = _link(broker, version)
        link.open(["line/#"], time.monotonic)
        programmer.publish("line/live", b"")
        heard: list[str] = []
        eventually(lambda link=link, heard=heard: heard.extend(m.topic for m in link.turn(0.1)) or "line/live" in heard)
        assert heard == ["line/live"], life
        link.close()
        programmer.publish("line/missed", b"")


@pytest.mark.parametrize("version", list(MqttVersion))
def test_who_is_thrown_off_by_its_namesake_says_what_to_look_for(broker, version):
    first, second = _link(broker, version), _link(broker, version)
    first.open((), time.monotonic)
    second.open((), time.monotonic)
    with pytest.raises(BrokerClosed, match=r"another one with this client id|who else is called lepton-link"):
        eventually(lambda: first.turn(0.05))
    second.close()


def test_what_the_broker_says_at_the_end_is_told(broker):
    link = _link(broker)
    link.open((), time.monotonic)
    link._client._in_packet.update(command=0xE0, packet=bytes([TAKEN_OVER]))
    link._client._handle_disconnect()
    with pytest.raises(BrokerClosed, match="Session taken over; who else is called lepton-link there"):
        link.turn(0.05)
