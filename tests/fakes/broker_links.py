"""A broker for links that never leaves the process: hands out connections, delivers, cuts."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_manager.ingest.broker_link import BrokerClosed, BrokerOptions, Heard, Will

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.reconnect import MqttVersion

OPTIONS = BrokerOptions("broker.local", 1883, "lepton-test")
_LOOK_S = 0.005


@dataclass
class FakeLink:
    """One connection; what was published on it, and how it ended."""

    broker: FakeBroker
    options: BrokerOptions
    will: Will | None
    filters: tuple[str, ...] = ()
    published: list[tuple[str, bytes, int, bool]] = field(default_factory=list)
    expiries_s: list[float | None] = field(default_factory=list)
    acknowledged: int = 0
    delivered: int = 0
    ended: str = ""
    is_behind: bool = False
    _inbox: queue.Queue[Heard | BrokerClosed] = field(default_factory=queue.Queue)

    def open(self, filters: Sequence[str], monotonic_s: Callable[[], float]) -> None:
        del monotonic_s
        self.broker.attempts += 1
        if not self.broker.is_up:
            raise BrokerClosed("wanted a broker, found none")
        self.filters = tuple(filters)
        self.broker.connections.append(self)

    def turn(self, timeout_s: float) -> list[Heard]:
        del timeout_s
        try:
            found = self._inbox.get(timeout=_LOOK_S)
        except queue.Empty:
            return []
        self.delivered += 1
        if isinstance(found, BrokerClosed):
            raise found
        return [found]

    def publish(
        self, topic: str, body: bytes, qos: int = 0, *, retain: bool = False, expiry_s: float | None = None
    ) -> int:
        self.published.append((topic, body, qos, retain))
        self.expiries_s.append(expiry_s)
        return len(self.published)

    def is_confirmed(self, mid: int) -> bool:
        return self.broker.confirms and 0 < mid <= len(self.published)

    def acknowledge(self, message: Heard) -> None:
        del message
        self.acknowledged += 1

    def close(self) -> None:
        self.ended = "closed"

    def cut(self) -> None:
        self.ended = "cut"

    def deliver(self, topic: str, body: bytes) -> None:
        self._inbox.put(Heard(topic, body, 1, 1))

    def break_off(self) -> None:
        self._inbox.put(BrokerClosed("the connection broke"))


class FakeBroker:
    """Every connection that was made, in order."""

    def __init__(self) -> None:
        self.is_up = self.confirms = True
        self.attempts = 0
        self.connections: list[FakeLink] = []

    def link(self, options: BrokerOptions, version: MqttVersion, will: Will | None) -> FakeLink:
        del version
        return FakeLink(self, options, will)
