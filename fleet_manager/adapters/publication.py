"""One MQTT message that a face wants said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publication:
    """A message; `body` empty and `retain` set removes what the broker keeps under the topic."""

    topic: str
    body: bytes
    qos: int = 0
    retain: bool = False
