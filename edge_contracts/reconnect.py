"""How both ends of the wire come back to a broker: full jitter, and MQTT 5 first, 3.1.1 where it is refused.

Pure rules: no clock, no socket, no randomness of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

SILENT_REFUSALS: Final = 2
"""Connections that a broker closed without a word before the other protocol is tried: one may be a restart."""


REFUSED: Final = 0x80
"""Reason codes from here on are failures (MQTT 5, 2.4; 3.1.1 has this one for subscriptions, 3.9.3)."""
UNSUPPORTED_PROTOCOL: Final = frozenset({0x84, 0x01})
"""The broker's word for a version that it does not speak: MQTT 5, 3.2.2.2, and MQTT 3.1.1, 3.2.2.3."""
UNTRUSTED_BROKER: Final = "is the authority (ca) the one that signed the broker's certificate, for this name?"
CLOSED_UNANSWERED: Final = "does it want TLS, or a certificate that it trusts?"
TAKEN_OVER: Final = 0x8E
"""Another one came with our client id (MQTT 5, 3.14.2.1); a broker of 3.1.1 closes and says nothing."""
ITS_LOG: Final = "the broker's log says more"
CLOSED_WORDLESS: Final = f"it was ended, or let in another one with this client id; {ITS_LOG}"
LOSSES_TOLD: Final = 16
"""Wordings of a loss that are told; an other side that words each anew fills no log."""
LASTING_S: Final = 120.0
"""A session that lived longer ends an outage. Of two with one client id none does: each comes back within a minute."""
STEADY_S: Final = 5.0
"""A session that lived longer was a success: the next wait starts small again."""


class MqttVersion(str, Enum):
    """The protocols that we speak, in the order that we prefer them."""

    V5 = "5"
    V311 = "3.1.1"


@dataclass(frozen=True, slots=True)
class FullJitter:
    """Wait a random time between nothing and a limit that doubles: a thousand devices do not come back at once.

    Attributes:
        first_s: the limit before the second attempt.
        longest_s: the limit never grows beyond this.
    """

    first_s: float = 0.5
    longest_s: float = 60.0

    def delay_s(self, failures: int, draw: Callable[[], float]) -> float:
        """Seconds to wait after `failures` attempts in a row that failed; `draw` gives a number in [0, 1)."""
        doublings = min(max(failures - 1, 0), 32)
        return draw() * min(self.longest_s, self.first_s * 2.0**doublings)


def failures_after(failures: int, lived_s: float) -> int:
    """Failures in a row, now that a session has ended after `lived_s`."""
    return 1 if lived_s > STEADY_S else failures + 1


class ToldLosses:
    """Which loss of a connection is a warning: the first of each wording in an outage, for the next may be another."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._open_since_s: float | None = None

    def opened(self, now_s: float) -> None:
        """A session has begun, at this time of a monotonic clock."""
        self._open_since_s = now_s

    def is_news(self, loss: str, now_s: float) -> bool:
        """Whether a loss was not told in these words, which it is now."""
        if self._open_since_s is not None and now_s - self._open_since_s > LASTING_S:
            self._told.clear()
        self._open_since_s = None
        is_news = loss not in self._told and len(self._told) < LOSSES_TOLD
        if is_news:
            self._told.add(loss)
        return is_news


def names_protocol(code: int, text: str) -> bool:
    """Whether a refusal, by its reason code or its words, is about the protocol version."""
    return code in UNSUPPORTED_PROTOCOL or "protocol version" in text.lower()


class ProtocolChoice:
    """Which MQTT version to offer next; what a broker once answered to stays chosen.

    Args:
        wanted: `auto`, or the one version that may be offered.

    Example:
        choice = ProtocolChoice()
        choice.refused()          # the broker said: unsupported protocol version
        choice.offered            # MqttVersion.V311
    """

    def __init__(self, wanted: Literal["auto", "5", "3.1.1"] = "auto") -> None:
        self._fixed = wanted != "auto"
        self.offered = MqttVersion.V5 if wanted == "auto" else MqttVersion(wanted)
        self._settled = False
        self._silent = 0

    @property
    def advice(self) -> str:
        """What to do about a broker that does not answer to the one version that may be offered; else empty."""
        return ' (mqtt = "auto" offers the other version, too)' if self._fixed and not self._settled else ""

    def accepted(self) -> None:
        """The broker answered to the offered version."""
        self._settled, self._silent = True, 0

    def refused(self) -> None:
        """The broker named the protocol version as its reason."""
        self._settled = False
        self._other()

    def closed_silently(self) -> None:
        """The broker closed before it answered; an old one does that to a version that it does not know."""
        self._silent += 1
        if not self._settled and self._silent >= SILENT_REFUSALS:
            self._other()

    def unanswered(self) -> None:
        """The broker took the connection and kept silent for the whole time-out: amqtt does that to MQTT 5."""
        if not self._settled:
            self._other()

    def _other(self) -> None:
        self._silent = 0
        if not self._fixed:
            self.offered = MqttVersion.V311 if self.offered is MqttVersion.V5 else MqttVersion.V5
