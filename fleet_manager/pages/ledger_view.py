"""The loss ledger as pages show it: "lost: 0", or how many and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.store.ledger import DeviceLedger, Shortfall


@dataclass(frozen=True, slots=True)
class LedgerView:
    """lost: alerts that will never come. words: why, and what else is not as it should be. proven: we acknowledge."""

    lost: int = 0
    words: str = ""
    proven: bool = True


def ledger_view(of: DeviceLedger | Shortfall | None, *, proven: bool) -> LedgerView:
    """One device's; None for one of which nothing is lost or missing."""
    if of is None:
        return LedgerView(proven=proven)
    parts = [f"{why.value} {count:,}" for why, count in of.lost.items()]
    if of.missing:
        parts.append(f"not yet arrived: {of.missing:,}")
    return LedgerView(sum(of.lost.values()), ", ".join(parts), proven)


def ledger_of_site(views: Sequence[LedgerView]) -> LedgerView:
    """Several devices together; proven where each of them is."""
    unproven = sum(not view.proven for view in views)
    words = f"{unproven} of {len(views)} devices not proven" if unproven else ""
    return LedgerView(sum(view.lost for view in views), words, proven=not unproven)
