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
    """Alerts, minutes, losses and acknowledgements; what was acknowledged belongs to `epoch` alone.

    lost, lost_minutes: alerts and minutes that no disk took, to be given a place in a gap. sessions: connections to be
    counted.
    """

    letters: list[tuple[Letter, Future[Receipt]]] = field(default_factory=list)
    epoch: str = ""
    free_through: int = 0
    lost: int = 0
    lost_minutes: int = 0
    freed_ranges: list[SeqRange] = field(default_factory=list)
    sessions: list[Future[int]] = field(default_factory=list)

    @property
    def is_pressing(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self.oldest_awaited or self.freed_ranges or self.sessions)

    @property
    def oldest_awaited(self) -> Letter | None:
        """The alert that has waited longest; minutes wait with whatever comes."""
        return next((letter for letter, _ in self.letters if not letter.is_patient), None)

    @property
    def alerts(self) -> int:
        """How many of the letters are alerts."""
        return sum(not letter.is_patient for letter, _ in self.letters)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.is_pressing or self.letters or self.free_through or self.lost or self.lost_minutes)

    @property
    def adds_rows(self) -> bool:
        """Whether its commit leaves something new to send."""
        return bool(self.letters or self.lost or self.lost_minutes or self.freed_ranges)
