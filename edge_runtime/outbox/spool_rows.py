"""The rows of an open spool: how they are placed, freed and shed inside a transaction.

Each method changes the rows and, alike, the draft of the life that the transaction will commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_runtime.outbox.envelope import seal
from edge_runtime.outbox.spool_batch import Placed
from edge_runtime.outbox.spool_policy import RowClass, Victim, charge, choose_victims
from edge_runtime.outbox.spool_tables import TABLE_OF

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from edge_runtime.outbox.envelope import Letter, Sealed
    from edge_runtime.outbox.spool_schema import Life

_SHED_FIRST: Final = sorted(set(RowClass) - {RowClass.KEPT})


class SpoolRows:
    """The tables of rows.

    Args:
        con: the open spool, inside a transaction whenever a method is called.
        source: CloudEvents source of the device.
        most_freed: rows that one transaction may free.
    """

    def __init__(self, con: sqlite3.Connection, source: str, most_freed: int) -> None:
        self._con, self._source, self._most_freed = con, source, most_freed

    def free(self, draft: Life, through: int) -> None:
        """Free rows up to `through`, or the oldest of them when they are too many for one transaction."""
        if through <= draft.freed_through:
            return
        query = "SELECT seq FROM rows WHERE seq <= ? ORDER BY seq LIMIT 1 OFFSET ?"
        most = self._con.execute(query, (through, self._most_freed - 1)).fetchone()
        through = most[0] if most else through
        for row_class, table in TABLE_OF.items():
            sums = f"SELECT count(*), coalesce(sum(charge), 0) FROM {table} WHERE seq <= ?"
            draft.leave(*self._con.execute(sums, (through,)).fetchone(), is_gap=row_class is RowClass.KEPT)
            self._delete(row_class, through)
        draft.freed_through = through

    def place(self, draft: Life, letter: Letter) -> Placed | BadInputError:
        """Give a letter the next place; one that no message can carry gets none."""
        try:
            sealed = self.insert(draft, letter)
        except BadInputError as err:
            return err
        return Placed(draft.epoch, draft.last_seq, sealed.event_id, kept=True)

    def insert(self, draft: Life, letter: Letter) -> Sealed:
        """The same for a letter that is known to fit.

        Raises:
            BadInputError: it does not fit.
        """
        sealed = seal(letter, self._source, draft.epoch, draft.last_seq + 1)
        draft.last_seq += 1
        cost = charge(len(sealed.body))
        self._con.execute(
            f"INSERT INTO {TABLE_OF[sealed.row_class]} VALUES (?, ?, ?, ?, ?)",
            (draft.last_seq, sealed.leaf, cost, letter.moment.mono_ms, sealed.body),
        )
        draft.leave(-1, -cost, is_gap=sealed.row_class is RowClass.KEPT)
        return sealed

    def shed(self, draft: Life, need_bytes: int) -> list[Victim]:
        """Delete the least worthy rows until so many bytes are free; who calls it writes down which they were."""
        if need_bytes <= 0:
            return []
        victims = choose_victims(self._candidates(), need_bytes)
        for row_class in _SHED_FIRST:
            self._delete(row_class, max((one.seq for one in victims if one.row_class is row_class), default=0))
        draft.leave(len(victims), sum(victim.charge for victim in victims))
        return victims

    def _candidates(self) -> Iterator[Victim]:
        for row_class in _SHED_FIRST:
            for seq, cost in self._con.execute(f"SELECT seq, charge FROM {TABLE_OF[row_class]} ORDER BY seq"):
                yield Victim(seq, cost, row_class)

    def _delete(self, row_class: RowClass, through: int) -> None:
        self._con.execute(f"DELETE FROM {TABLE_OF[row_class]} WHERE seq <= ?", (through,))
