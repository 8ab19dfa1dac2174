"""Each verdict as a message on a topic, or a run signal that the broker itself takes back when the station dies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_runtime.outputs.output import Shape
from edge_runtime.terminals.mqtt_topic import OpenTopic
from edge_runtime.uplink.mqtt_link import Will

if TYPE_CHECKING:
    from edge_contracts.station import MqttOutput
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.output import Order

TOLD: Final = ("outcome", "point", "part", "cause", "reason", "number")
"""What the line is told of an order: its own reckoning of time stays with the station."""
RUNNING, STOPPED = b"run", b"stop"
"""What a run signal says, retained; the broker says the second when the station is gone."""


class TopicOutput:
    """A JSON object per order: outcome, point, part, cause, reason, number.

    Args:
        settings: one of the `outputs` tables.
        clock: monotonic.
    """

    shape = Shape.MESSAGE

    def __init__(self, settings: MqttOutput, clock: Clock) -> None:
        self._settings = settings
        self._is_run = settings.role == "run"
        will = Will(settings.topic, STOPPED, delay_s=0) if self._is_run else None
        self._topic = OpenTopic(settings.broker, f"lepton-{settings.name}", will=will, now_ns=clock.now_ns)
        self._is_open = False

    def open(self) -> None:
        """Connect; a run signal says stop."""
        self._is_open = False
        self._topic.open()
        self._is_open = True
        self.idle()

    def fire(self, order: Order) -> None:
        """Publish the order and, with QoS 1, wait for the broker's word."""
        self._topic.turn(0.0)
        if self._is_run:
            self._say(RUNNING)
            return
        body = {name: getattr(order, name) for name in TOLD}
        body["outcome"] = order.outcome.value if order.outcome else "stop"
        self._topic.publish(self._settings.topic, json.dumps(body).encode(), qos=self._settings.qos)

    def idle(self) -> None:
        """Take a run signal back; anything else has nothing to take back."""
        if self._is_run:
            self._say(STOPPED)

    def close(self) -> None:
        """Take a run signal back if the broker still listens, and end the connection."""
        was_open, self._is_open = self._is_open, False
        try:
            if was_open:
                self.idle()
        except ConnectionError:
            return
        finally:
            self._topic.close()

    def _say(self, word: bytes) -> None:
        self._topic.publish(self._settings.topic, word, qos=self._settings.qos, retain=True)


def build(settings: MqttOutput, clock: Clock) -> TopicOutput:
    """The output of kind `mqtt`."""
    return TopicOutput(settings, clock)
