"""The loss ledger in words: "lost: 0", or exactly what and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_contracts.gap import GapReason


@dataclass(frozen=True, slots=True)
class DeviceLedger:
    """One device.

    address: `org/site/device`. stored: alerts in the store. lost: sequences that will never come, by reason.
    refused: messages in quarantine. missing: sequences that have not come yet. proven: False where the broker, not
    the manager, acknowledges, so that nobody knows what was lost behind the last alert.
    """

    address: str
    stored: int
    lost: Mapping[GapReason, int]
    refused: int
    missing: int
    proven: bool

    def sentence(self) -> str:
        """One line for a person."""
        reasons = ", ".join(f"{why.value} {count}" for why, count in self.lost.items())
        parts = [f"stored {self.stored}", f"lost: {sum(self.lost.values())}" + (f" ({reasons})" if reasons else "")]
        if self.missing:
            parts.append(f"not yet arrived: {self.missing}")
        if self.refused:
            parts.append(f"refused and kept: {self.refused}")
        if not self.proven:
            parts.append("not proven (the broker acknowledges)")
        return f"{self.address or '(no device)'}: " + ", ".join(parts)
