"""Verdicts and a run signal through a real broker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from line_broker import LineBroker, Programmer

from edge_contracts.station import MqttOutput
from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.output import Order, build_output
from edge_runtime.outputs.panel import Panel
from edge_runtime.terminals.mqtt_topic import CONFIRM_S
from tests.edge_runtime.outputs.output_contract import OutputContract, defect
from tests.fakes.patience import eventually, free_port
from tests.fakes.verdicts import inspected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_runtime.outputs.output import Output

pytestmark = [pytest.mark.system, pytest.mark.live]
TOPIC = "line/verdict"
RUN = Order(None, "", "", "run", "the line may run", 1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LineBroker]:
    with LineBroker(tmp_path) as running:
        yield running


@pytest.fixture
def programmer(broker: LineBroker) -> Iterator[Programmer]:
    client = Programmer(broker.port)
    yield client
    client.close()


def settings(port: int, **keys: Any) -> MqttOutput:
    broker = {"host": "127.0.0.1", "port": port}
    return MqttOutput.model_validate({"kind": "mqtt", "name": "plc", "broker": broker, "topic": TOPIC, **keys})


@pytest.fixture
def make() -> Iterator[Callable[..., Output]]:
    built: list[Output] = []

    def build(port: int, **keys: Any) -> Output:
        built.append(build_output(settings(port, **keys), MonotonicClock()))
        return built[-1]

    yield build
    for output in built:
        output.close()


@dataclass
class Topic:
    broker: LineBroker
    programmer: Programmer
    known: int = 0

    def is_active(self) -> bool:
        """Whether a message came since the last question; the marker comes after all that was published before."""
        marker = f"line/marker/{len(self.programmer.heard)}/{self.known}"
        self.programmer.publish(marker, b"")
        eventually(lambda: self.programmer.bodies(marker))
        before, self.known = self.known, len(self.programmer.bodies(TOPIC))
        return self.known > before

    def cut(self) -> None:
        self.broker.kill()


@pytest.mark.parametrize("qos", [0, 1])
class TestTopic(OutputContract):
    @pytest.fixture
    def line(self, broker: LineBroker, programmer: Programmer) -> Topic:
        return Topic(broker, programmer)

    @pytest.fixture
    def output(self, broker: LineBroker, qos: int, make: Callable[..., Output]) -> Output:
        return make(broker.port, qos=qos)

    @pytest.fixture
    def absent(self, qos: int, make: Callable[..., Output]) -> Output:
        return make(free_port(), qos=qos)


def test_a_verdict_is_an_object_with_the_part_and_the_reason(
    broker: LineBroker, programmer: Programmer, make: Callable[..., Output]
) -> None:
    output = make(broker.port)
    output.open()
    output.fire(defect("P7", number=3))
    eventually(lambda: programmer.bodies(TOPIC))
    assert json.loads(programmer.bodies(TOPIC)[0]) == {
        "outcome": "defect",
        "point": "gate",
        "part": "P7",
        "cause": "threshold",
        "reason": "because",
        "number": 3,
    }


def test_a_run_signal_is_retained_and_taken_back(
    broker: LineBroker, programmer: Programmer, make: Callable[..., Output]
) -> None:
    output = make(broker.port, role="run")
    output.open()
    output.fire(RUN)
    output.close()
    eventually(lambda: programmer.bodies(TOPIC) == [b"stop", b"run", b"stop"])
    late = Programmer(broker.port)
    eventually(lambda: late.heard)
    assert late.heard[0][1:] == (b"stop", True)
    late.close()


def test_the_broker_itself_takes_the_run_signal_back_from_a_station_that_dies(
    broker: LineBroker, programmer: Programmer, make: Callable[..., Output]
) -> None:
    output = make(broker.port, role="run")
    output.open()
    output.fire(RUN)
    link: Any = output
    link._topic._link._client.socket().close()
    eventually(lambda: programmer.bodies(TOPIC) == [b"stop", b"run", b"stop"])


def test_verdicts_wait_for_a_broker_that_is_gone_for_a_moment_and_none_is_said_twice_or_lost(
    broker: LineBroker,
) -> None:
    panel = Panel([settings(broker.port, fires_for=["good", "defect", "unknown"])], MonotonicClock())
    panel.start()
    eventually(lambda: panel.lost["plc"] is None)
    broker.kill()
    for number in range(20):
        panel.take(inspected(f"P{number}", "defect", triggered_at_ns=number + 1))
    broker.start()
    programmer = Programmer(broker.port)
    eventually(lambda: len(programmer.bodies(TOPIC)) >= 20 or panel.counts["plc"].fired >= 20)
    assert panel.stop()
    assert panel.counts["plc"].fired == 20
    assert panel.guard.stops == 0
    programmer.close()


def test_a_broker_that_stays_away_stops_the_line_and_holds_up_nobody(broker: LineBroker) -> None:
    late = {"kind": "at-once", "tolerance_ms": 100}
    panel = Panel([settings(broker.port, gate=late)], MonotonicClock())
    panel.start()
    eventually(lambda: panel.lost["plc"] is None)
    broker.kill()
    clock = MonotonicClock()
    begun_ns = clock.now_ns()
    for number in range(1000):
        panel.take(inspected(f"P{number}", "unknown", triggered_at_ns=number + 1))
    assert clock.now_ns() - begun_ns < CONFIRM_S * 1e9, "a thousand verdicts waited for no broker"
    eventually(lambda: panel.counts["plc"].late == 1000)
    assert panel.guard.stops == 1000
    assert panel.stop()
