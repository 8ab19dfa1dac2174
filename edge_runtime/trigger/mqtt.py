"""A message on a topic announces a part; its text, if it has one, is the part's id."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_runtime.terminals.mqtt_topic import OpenTopic
from edge_runtime.trigger.announcement import Announcement

if TYPE_CHECKING:
    from edge_contracts.station import MqttTrigger
    from edge_runtime.clock import Clock

_log = logging.getLogger(__name__)


class TopicWire:
    """A topic; retained messages tell of a part that has long gone, and announce none.

    Args:
        settings: the `trigger` table.
        name: begins the client id at the broker.
        clock: stamps the messages.
    """

    def __init__(self, settings: MqttTrigger, name: str, clock: Clock) -> None:
        self._settings = settings
        self._topic = OpenTopic(settings.broker, f"{name}-trigger", now_ns=clock.now_ns)

    def open(self) -> None:
        """Connect and subscribe."""
        self._topic.open()
        self._topic.subscribe(self._settings.topic)

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement per message."""
        announced = []
        for message in self._topic.turn(timeout_s):
            if message.retained:
                _log.warning("a retained message on %s announces no part; publish without retain", self._settings.topic)
                continue
            part = message.body.decode("utf-8", "backslashreplace").strip()
            announced.append(Announcement(message.at_ns, part or None))
        return announced

    def close(self) -> None:
        """End the connection."""
        self._topic.close()


def build(settings: MqttTrigger, name: str, clock: Clock) -> TopicWire:
    """The wire of an `mqtt` trigger."""
    return TopicWire(settings, name, clock)
