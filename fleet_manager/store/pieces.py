"""How much of many ranges of sequences is stored, in few statements: a station may have shed in thousands of pieces."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import BigInteger, Text, and_, column, func, select, values

from fleet_manager.store.tables import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_AT_ONCE: Final = 500
"""Pieces of one statement."""


class Piece(NamedTuple):
    """The sequences `first` to `last` of one life of a spool, and what they are counted under."""

    address: str
    epoch: str
    kind: str
    first: int
    last: int


def absent(con: Connection, pieces: Sequence[Piece]) -> Counter[tuple[str, str]]:
    """How many sequences of these pieces are not stored, by address and kind; no two pieces may overlap."""
    found: Counter[tuple[str, str]] = Counter()
    for one in pieces:
        found[one.address, one.kind] += one.last - one.first + 1
    for begin in range(0, len(pieces), _AT_ONCE):
        found.subtract(_present(con, pieces[begin : begin + _AT_ONCE]))
    return found


def _present(con: Connection, pieces: Sequence[Piece]) -> dict[tuple[str, str], int]:
    kinds = {"address": Text, "epoch": Text, "kind": Text, "first": BigInteger, "last": BigInteger}
    wanted = values(*(column(name, kinds[name]) for name in Piece._fields), name="pieces").data(list(pieces)).cte()
    is_within = and_(
        places.c.address == wanted.c.address,
        places.c.epoch == wanted.c.epoch,
        places.c.seq.between(wanted.c.first, wanted.c.last),
    )
    query = select(wanted.c.address, wanted.c.kind, func.count()).join_from(wanted, places, is_within)
    rows = con.execute(query.group_by(wanted.c.address, wanted.c.kind))
    return {(address, kind): count for address, kind, count in rows}
