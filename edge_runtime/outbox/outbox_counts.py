"""What an outbox says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_runtime.outbox.spool_policy import AckVerdict


@dataclass(frozen=True, slots=True)
class SpoolDepth:
    """What waits: rows, the bytes they are charged with, and the age of the oldest (a lower bound after a restart)."""

    rows: int
    bytes: int
    age_s: float


@dataclass(frozen=True, slots=True)
class OutboxCounters:
    """Since the daemon started.

    refused: alerts that no disk took. shed: alerts shed as they came. damaged: spools set aside.
    acks: acknowledgements by what they meant.
    """

    refused: int = 0
    shed: int = 0
    damaged: int = 0
    acks: dict[AckVerdict, int] = field(default_factory=dict)
