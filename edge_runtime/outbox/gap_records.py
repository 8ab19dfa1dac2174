"""The loss ledger as the spool writes it: every place that will never be sent stands in a gap record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.gap import MAX_RANGES, Gap, GapEvent, GapReason, SeqRange
from edge_runtime.outbox.envelope import NOISE_BYTES, Letter
from edge_runtime.outbox.spool_policy import as_ranges, charge, holes_between, in_gaps, merged
from edge_runtime.outbox.spool_tables import GAPS_TABLE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from edge_runtime.outbox.delivery_clock import Moment
    from edge_runtime.outbox.spool_rows import SpoolRows
    from edge_runtime.outbox.spool_schema import Life

_GAPS_LOOKED_AT: Final = 4  # the newest of each kind is among these


class GapRecords:
    """The gaps among the rows; used inside a transaction.

    Args:
        con: the open spool.
        rows: where gaps are placed.
        noise: gives n random bytes.

    Attributes:
        handed: gaps up to this sequence can have been on the wire, and never change again.
    """

    def __init__(self, con: sqlite3.Connection, rows: SpoolRows, noise: Callable[[int], bytes]) -> None:
        self._con, self._rows, self._noise = con, rows, noise
        self.handed = 0

    def note_loss(self, draft: Life, seqs: Iterable[int], why: GapReason, moment: Moment) -> None:
        """These places will not be sent, for this reason."""
        ranges = as_ranges(seqs)
        if ranges and not self._extend(draft, ranges, why):
            self.insert(draft, draft.epoch, ranges, why, moment)

    def untold_holes(self, draft: Life, floor: int) -> list[SeqRange]:
        """Sequences above the floor that are no row and stand in no gap above it: theirs was acknowledged and freed."""
        rows = self._con.execute(
            "SELECT seq, leaf, CASE leaf WHEN 'gap' THEN body END FROM rows WHERE seq > ?", (floor,)
        )
        told: list[SeqRange] = []
        for seq, leaf, body in rows:
            told.append(SeqRange(first=seq, last=seq))
            gap = GapEvent.model_validate_json(body).data if leaf == "gap" else None
            told.extend(gap.ranges if gap and gap.of_epoch == draft.epoch else ())
        return holes_between(floor, draft.last_seq, merged(told))

    def insert(self, draft: Life, of_epoch: str, ranges: Sequence[SeqRange], why: GapReason, moment: Moment) -> None:
        """Gaps of their own for these ranges of an epoch."""
        for portion in in_gaps(ranges):
            gap = Gap(of_epoch=of_epoch, ranges=portion, count=_length(portion), why=why)
            self._rows.insert(draft, Letter(gap, moment, self._noise(NOISE_BYTES)))

    def _extend(self, draft: Life, ranges: Sequence[SeqRange], why: GapReason) -> bool:
        """Put the ranges into the newest gap of their kind that was never on the wire: an outage must not fill up."""
        rows = self._con.execute(
            f"SELECT seq, charge, body FROM {GAPS_TABLE} WHERE seq > ? AND leaf = 'gap' ORDER BY seq DESC LIMIT ?",
            (self.handed, _GAPS_LOOKED_AT),
        ).fetchall()
        unsent = ((seq, cost, GapEvent.model_validate_json(body)) for seq, cost, body in rows)
        alike = (one for one in unsent if one[2].data.why is why and one[2].data.of_epoch == draft.epoch)
        seq, old_cost, event = next(alike, (0, 0, None))
        together = merged([*event.data.ranges, *ranges]) if event is not None else ()
        if event is None or len(together) > MAX_RANGES:
            return False
        data = event.data.model_copy(update={"ranges": together, "count": _length(together)})
        longer = event.model_copy(update={"data": data}).model_dump_json(exclude_none=True).encode()
        cost = charge(len(longer))
        self._con.execute(f"UPDATE {GAPS_TABLE} SET body = ?, charge = ? WHERE seq = ?", (longer, cost, seq))
        draft.used += cost - old_cost
        return True


def _length(ranges: Iterable[SeqRange]) -> int:
    return sum(piece.last - piece.first + 1 for piece in ranges)
