"""The loss ledger as the spool writes it: every place that will never be sent stands in a gap record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.gap import MAX_RANGES, Gap, GapEvent, GapReason, SeqRange
from edge_contracts.message import SEQ_MAX
from edge_runtime.outbox.envelope import NOISE_BYTES, Letter
from edge_runtime.outbox.spool_policy import RowClass, as_ranges, charge, holes_between, in_gaps, merged, runs
from edge_runtime.outbox.spool_tables import GAPS_TABLE, TABLE_OF

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from edge_runtime.outbox.delivery_clock import Moment
    from edge_runtime.outbox.spool_rows import SpoolRows
    from edge_runtime.outbox.spool_schema import Life

SHEDDABLE: Final = tuple(table for row_class, table in TABLE_OF.items() if row_class is not RowClass.KEPT)
_OLDEST: Final = "SELECT seq FROM {} ORDER BY seq LIMIT 1"
_LOSSES: Final = frozenset({GapReason.SHED, GapReason.STATISTICS})
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
        self.handed = self._folded_through = 0

    def note_loss(self, draft: Life, seqs: Iterable[int], why: GapReason, moment: Moment) -> None:
        """These places will not be sent, for this reason."""
        ranges = as_ranges(seqs)
        if ranges and not self._extend(draft, ranges, why):
            self.insert(draft, draft.epoch, ranges, why, moment)

    def untold_holes(self, draft: Life, floor: int) -> list[SeqRange]:
        """Sequences above the floor that are no row and stand in no gap above it: theirs was acknowledged and freed."""
        seqs = self._con.execute("SELECT seq FROM rows WHERE seq > ? ORDER BY seq", (floor,))
        told = [*runs(seq for (seq,) in seqs)]
        for (body,) in self._con.execute(f"SELECT body FROM {GAPS_TABLE} WHERE seq > ?", (floor,)):
            gap = GapEvent.model_validate_json(body).data
            told.extend(gap.ranges if gap.of_epoch == draft.epoch else ())
        return holes_between(floor, draft.last_seq, merged(told))

    def fold(self, draft: Life, most_rows: int, moment: Moment) -> None:
        """Put what so many of the oldest gaps tell into few: a ledger must not fill the spool.

        Below the oldest row that may be shed there are gaps alone, and nothing else will come. So it can be told whole,
        as shed: minutes and gaps count as lost alerts there. Each call looks behind the gaps of the call before.
        """
        end = min((seq for table in SHEDDABLE for (seq,) in self._con.execute(_OLDEST.format(table))), default=SEQ_MAX)
        query = f"SELECT seq, charge, body FROM {GAPS_TABLE} WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"
        rows = self._con.execute(query, (self._folded_through, end, most_rows)).fetchall()
        self._folded_through = rows[-1][0] if len(rows) == most_rows else 0
        gaps = [(seq, cost, GapEvent.model_validate_json(body).data) for seq, cost, body in rows]
        ours = [one for one in gaps if one[2].why in _LOSSES and one[2].of_epoch == draft.epoch]
        losses = [(seq, cost, gap.ranges) for seq, cost, gap in ours if gap.ranges[-1].last < end]
        ranges = self._whole(draft, losses) if losses else []
        if len(in_gaps(ranges)) >= len(losses):
            return
        self._con.executemany(f"DELETE FROM {GAPS_TABLE} WHERE seq = ?", [(seq,) for seq, _, _ in losses])
        draft.leave(len(losses), sum(cost for _, cost, _ in losses), is_gap=True)
        self.insert(draft, draft.epoch, ranges, GapReason.SHED, moment)

    def _whole(self, draft: Life, losses: Sequence[tuple[int, int, Sequence[SeqRange]]]) -> Sequence[SeqRange]:
        """From the first to the last place of these gaps but for rows that stay; below what is freed, as they tell."""
        places = [seq for seq, _, _ in losses]
        told = merged([*as_ranges(places), *(piece for _, _, ranges in losses for piece in ranges)])
        floor = max(told[0].first - 1, draft.freed_through)
        there = self._con.execute(
            f"SELECT seq FROM {GAPS_TABLE} WHERE seq > ? AND seq <= ? ORDER BY seq", (floor, told[-1].last)
        )
        stay = runs(seq for (seq,) in there if seq not in places)
        return merged([*(piece for piece in told if piece.first <= floor), *holes_between(floor, told[-1].last, stay)])

    def insert(self, draft: Life, of_epoch: str, ranges: Sequence[SeqRange], why: GapReason, moment: Moment) -> None:
        """Gaps of their own for these ranges of an epoch."""
        for portion in in_gaps(ranges):
            gap = Gap(of_epoch=of_epoch, ranges=portion, count=_length(portion), why=why)
            self._rows.insert(draft, Letter(gap, moment, self._noise(NOISE_BYTES)))

    def _extend(self, draft: Life, ranges: Sequence[SeqRange], why: GapReason) -> bool:
        """Put the ranges into the newest gap of their kind that was never on the wire: an outage must not fill up."""
        rows = self._con.execute(
            f"SELECT seq, charge, body FROM {GAPS_TABLE} WHERE seq > ? ORDER BY seq DESC LIMIT ?",
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
        draft.leave(0, old_cost - cost, is_gap=True)
        return True


def _length(ranges: Iterable[SeqRange]) -> int:
    return sum(piece.last - piece.first + 1 for piece in ranges)
