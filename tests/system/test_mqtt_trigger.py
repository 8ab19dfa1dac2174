"""Parts announced through a real broker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from line_broker import LineBroker, Programmer

from edge_contracts.station import MqttTrigger
from edge_runtime.clock import MonotonicClock
from edge_runtime.trigger.announcement import build_wire
from tests.edge_runtime.trigger.trigger_contract import TriggerContract
from tests.fakes.patience import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_runtime.terminals.wire import Wire
    from edge_runtime.trigger.announcement import Announcement

pytestmark = [pytest.mark.system, pytest.mark.live]
TOPIC = "line/part"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LineBroker]:
    with LineBroker(tmp_path) as running:
        yield running


@pytest.fixture
def programmer(broker: LineBroker) -> Iterator[Programmer]:
    client = Programmer(broker.port)
    yield client
    client.close()


@pytest.fixture
def wire_to() -> Iterator[Callable[..., Wire[Announcement]]]:
    built: list[Wire[Announcement]] = []

    def build(port: int, mqtt: str = "auto") -> Wire[Announcement]:
        broker = {"host": "127.0.0.1", "port": port, "mqtt": mqtt}
        settings = MqttTrigger.model_validate({"kind": "mqtt", "broker": broker, "topic": TOPIC})
        built.append(build_wire(settings, "lepton-gate", MonotonicClock()))
        return built[-1]

    yield build
    for wire in built:
        wire.close()


@dataclass
class Topic:
    broker: LineBroker
    programmer: Programmer

    def part(self) -> None:
        self.programmer.publish(TOPIC, b"P1")

    def cut(self) -> None:
        self.broker.kill()


@pytest.mark.parametrize("mqtt", ["5", "3.1.1"])
class TestMqtt(TriggerContract):
    @pytest.fixture
    def line(self, broker: LineBroker, programmer: Programmer) -> Topic:
        return Topic(broker, programmer)

    @pytest.fixture
    def wire(self, broker: LineBroker, mqtt: str, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return Settled(wire_to(broker.port, mqtt))

    @pytest.fixture
    def absent(self, mqtt: str, wire_to: Callable[..., Wire[Announcement]]) -> Wire[Announcement]:
        return wire_to(free_port(), mqtt)


@dataclass
class Settled:
    """A wire whose subscription has reached the broker before anything is published."""

    wire: Any

    def open(self) -> None:
        self.wire.open()
        client = self.wire._topic._link._client
        answers, heed = [], client.on_subscribe
        client.on_subscribe = lambda *answer: (answers.append(answer), heed(*answer))
        eventually(lambda: self.wire.wait(0.1) == [] and answers)

    def wait(self, timeout_s: float) -> list[Announcement]:
        return list(self.wire.wait(timeout_s))

    def close(self) -> None:
        self.wire.close()


def test_a_message_is_the_parts_id_and_may_be_empty(
    broker: LineBroker, programmer: Programmer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = Settled(wire_to(broker.port))
    wire.open()
    for body in (b" A-17 ", b"", b"\xff"):
        programmer.publish(TOPIC, body)
    assert [announced.part for announced in TestMqtt.heard(wire, 3)] == ["A-17", None, "\\xff"]


@pytest.mark.parametrize("mqtt", ["5", "3.1.1"])
def test_a_retained_message_announces_no_part(
    broker: LineBroker, programmer: Programmer, wire_to: Callable[..., Wire[Announcement]], mqtt: str
) -> None:
    programmer.publish(TOPIC, b"yesterday", retain=True)
    wire = Settled(wire_to(broker.port, mqtt))
    wire.open()
    programmer.publish(TOPIC, b"today")
    assert [announced.part for announced in TestMqtt.heard(wire, 1)] == ["today"]


def test_what_was_published_while_the_wire_was_down_announces_no_part(
    broker: LineBroker, programmer: Programmer, wire_to: Callable[..., Wire[Announcement]]
) -> None:
    wire = Settled(wire_to(broker.port))
    wire.open()
    wire.close()
    programmer.publish(TOPIC, b"gone by")
    wire.open()
    programmer.publish(TOPIC, b"here")
    assert [announced.part for announced in TestMqtt.heard(wire, 1)] == ["here"]
