"""One MQTT message that a face wants said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Publication:
    """A message; `body` empty and `retain` set removes what the broker keeps under the topic."""

    topic: str
    body: bytes
    qos: int = 0
    retain: bool = False


class Publisher(Protocol):
    """Where publications go."""

    def publish(self, topic: str, body: bytes, qos: int = 0, *, retain: bool = False) -> None:
        """Hand one over; returns at once."""
