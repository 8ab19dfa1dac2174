"""What goes into the spool in one transaction, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.gap import SeqRange
    from edge_runtime.outbox.delivery_clock import Moment
    from edge_runtime.outbox.envelope import Letter


@dataclass(frozen=True, slots=True)
class SpooledRow:
    """A row as it goes on the wire."""

    seq: int
    leaf: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a letter went; `kept` is False when it was shed at once, and so stands in the loss ledger."""

    epoch: str
    seq: int
    event_id: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction's work.

    moment: for the gap records that the transaction may write.
    free_through: rows up to it are acknowledged; `batch_rows` go at a time, the caller asks again.
    lost, lost_minutes: alerts and minutes that were refused before; they get a place in a gap.
    freed_ranges: what a manager that lost its memory asks for again. opens_session: count one more connection.
    """

    moment: Moment
    letters: Sequence[Letter] = ()
    free_through: int = 0
    lost: int = 0
    lost_minutes: int = 0
    freed_ranges: Sequence[SeqRange] = ()
    opens_session: bool = False
