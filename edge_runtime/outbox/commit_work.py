"""What waits for the spool's next commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from edge_contracts.gap import SeqRange
    from edge_runtime.outbox.envelope import Letter


@dataclass(frozen=True, slots=True)
class Receipt:
    """An alert is durable at this place."""

    epoch: str
    seq: int
    event_id: str


@dataclass(slots=True)
class CommitWork:
    """Alerts, losses and acknowledgements; what was acknowledged belongs to `epoch` alone.

    lost: alerts that no disk took, to be given a place in a gap. sessions: connections to be counted.
    """

    letters: list[tuple[Letter, Future[Receipt]]] = field(default_factory=list)
    epoch: str = ""
    free_through: int = 0
    lost: int = 0
    freed_ranges: list[SeqRange] = field(default_factory=list)
    sessions: list[Future[int]] = field(default_factory=list)

    @property
    def is_pressing(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self.letters or self.freed_ranges or self.sessions)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.is_pressing or self.free_through or self.lost)
