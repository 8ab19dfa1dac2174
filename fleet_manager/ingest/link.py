"""A connection as its user sees it, and what one that failed says of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fleet_manager.ingest.broker_link import BrokerClosed, BrokerRefused, BrokerUnanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.reconnect import ProtocolChoice
    from fleet_manager.ingest.broker_link import Heard


class Link(Protocol):
    """What is needed of a connection; `BrokerLink` is one."""

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait because the broker does not take them."""

    def open(self, filters: Sequence[str], monotonic_s: Callable[[], float]) -> None:
        """Connect and subscribe."""

    def turn(self, timeout_s: float) -> list[Heard]:
        """Move bytes both ways."""

    def publish(
        self, topic: str, body: bytes, qos: int = 0, *, retain: bool = False, expiry_s: float | None = None
    ) -> int:
        """Send; the message's id."""

    def is_confirmed(self, mid: int) -> bool:
        """Whether the broker has it."""

    def acknowledge(self, message: Heard) -> None:
        """Tell the broker that a message was taken."""

    def close(self) -> None:
        """End the connection with a word."""

    def cut(self) -> None:
        """End it without one, so that the broker says the will."""


def learn(protocol: ProtocolChoice, err: BrokerClosed) -> None:
    """Let a connection that failed say which version to offer next."""
    if isinstance(err, BrokerRefused) and err.is_protocol:
        protocol.refused()
    elif isinstance(err, BrokerUnanswered):
        protocol.unanswered()
    elif err.is_silent:
        protocol.closed_silently()
