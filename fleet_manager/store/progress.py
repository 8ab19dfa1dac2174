"""How far each life of each spool is stored, kept beside the rows so that a batch need not count them again.

The usual batch goes on where the last one ended; then the new sequences alone tell how far it goes. Only while there is
a hole, or a gap, are the rows above it read.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, tuple_, update

from fleet_manager.store.contiguity import advance
from fleet_manager.store.tables import gap_ranges, places, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Table

    from fleet_manager.arrival import Arrival

PIECE: Final = 500
"""Sequences that are read at once above a hole."""


@dataclass(slots=True)
class Life:
    """One life of one spool.

    through: everything up to here is stored or stands in a gap. top: the highest sequence that does.
    """

    through: int = 0
    top: int = 0


Lives = dict[tuple[str, str], Life]
"""By address and epoch."""


def held_progress(con: Connection, insert: Callable[[Table], Any], keys: Iterable[tuple[str, str]]) -> Lives:
    """The rows of these lives, held until the transaction ends; made where they are new."""
    wanted = sorted(keys)
    if not wanted:
        return {}
    fresh = [{"address": address, "epoch": epoch, "through": 0, "top": 0} for address, epoch in wanted]
    con.execute(insert(progress).on_conflict_do_nothing(), fresh)
    query = (
        select(progress.c.address, progress.c.epoch, progress.c.through, progress.c.top)
        .where(tuple_(progress.c.address, progress.c.epoch).in_(wanted))
        .order_by(progress.c.address, progress.c.epoch)
        .with_for_update()
    )
    return {(address, epoch): Life(through, top) for address, epoch, through, top in con.execute(query)}


def move_on(con: Connection, lives: Lives, new: Sequence[Arrival], covered: Sequence[dict[str, Any]]) -> None:
    """Advance what `new` arrivals and `covered` ranges let advance."""
    fresh: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in new:
        if one.epoch is not None and one.seq is not None:
            fresh[one.address, one.epoch].append(one.seq)
    spans: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in covered:
        spans[row["address"], row["epoch"]].append(row["last"])
    changed = []
    for key in fresh.keys() | spans.keys():
        life = lives[key]
        before = Life(life.through, life.top)
        life.through = _through(con, key, before, sorted(fresh[key]), has_gap=key in spans)
        life.top = max(before.top, life.through, *fresh[key], *spans[key])
        if life != before:
            changed.append({"of": key[0], "life": key[1], "through": life.through, "top": life.top})
    if changed:
        statement = update(progress).where(progress.c.address == bindparam("of"), progress.c.epoch == bindparam("life"))
        con.execute(statement, sorted(changed, key=lambda row: (row["of"], row["life"])))


def _through(con: Connection, key: tuple[str, str], before: Life, fresh: list[int], *, has_gap: bool) -> int:
    if before.top == before.through and not has_gap:
        return advance(before.through, fresh, [])
    address, epoch = key
    ranges = (
        select(gap_ranges.c.first, gap_ranges.c.last)
        .where(gap_ranges.c.address == address, gap_ranges.c.epoch == epoch, gap_ranges.c.last > before.through)
        .order_by(gap_ranges.c.first)
    )
    gaps = [(first, last) for first, last in con.execute(ranges)]
    return advance(before.through, _stored_above(con, key, before.through), gaps)


def _stored_above(con: Connection, key: tuple[str, str], above: int) -> Iterator[int]:
    """Piece by piece, because a driver may fetch all that it is asked for and a hole ends the reading early."""
    of_life = (places.c.address == key[0], places.c.epoch == key[1])
    while True:
        query = select(places.c.seq).where(*of_life, places.c.seq > above).order_by(places.c.seq).limit(PIECE)
        found = con.execute(query).scalars().all()
        yield from found
        if len(found) < PIECE:
            return
        above = found[-1]
