"""What the ledger says is what a count by hand says, however many pieces a station has shed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.event import listen, remove

from edge_contracts.gap import GapReason
from fleet_manager.store.database import writing
from fleet_manager.store.ledger import Shortfall, shortfalls
from fleet_manager.store.tables import gap_ranges, places, progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

EPOCH = "00000000000000aa"
HERE, YARD = "plant/hall/station-1", "plant/yard/station-1"
REASONS = st.sampled_from(sorted(GapReason))
TOLD = st.lists(st.tuples(REASONS, st.integers(1, 40), st.integers(0, 6)), max_size=8)


def gap(why: GapReason, first: int, last: int, address: str = HERE) -> dict[str, object]:
    return {"address": address, "epoch": EPOCH, "first": first, "last": last, "why": why.value}


def keep(engine: Engine, stored: set[int], gaps: list[dict[str, object]], through: int = 0) -> None:
    with writing(engine) as con:
        for table in (gap_ranges, places, progress):
            con.execute(delete(table))
        rows = [{"address": HERE, "epoch": EPOCH, "seq": seq, "event_id": str(seq)} for seq in stored]
        if rows:
            con.execute(insert(places), rows)
        if gaps:
            con.execute(insert(gap_ranges), gaps)
        top = max(stored, default=through)
        con.execute(insert(progress), {"address": HERE, "epoch": EPOCH, "through": through, "top": top})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, 50)), TOLD)
def test_each_sequence_is_stored_or_lost_for_one_reason_or_missing(
    fleet_engine: Engine, stored: set[int], told: list[tuple[GapReason, int, int]]
) -> None:
    keep(fleet_engine, stored, [gap(why, first, first + more) for why, first, more in told])
    in_gaps = {seq for _, first, more in told for seq in range(first, first + more + 1)}
    missing = set(range(1, max(stored, default=0) + 1)) - stored - in_gaps
    with fleet_engine.connect() as con:
        found = shortfalls(con, None).get(HERE, Shortfall({}, 0))
    assert sum(found.lost.values()) == len(in_gaps - stored)
    assert found.missing == len(missing)


def test_thousands_of_pieces_take_few_statements(fleet_engine: Engine) -> None:
    pieces = [gap(GapReason.SHED, 4 * at + 1, 4 * at + 1) for at in range(1000)]
    pieces += [gap(GapReason.STATISTICS, 4 * at + 3, 4 * at + 3) for at in range(1000)]
    keep(fleet_engine, {2, 3, 4, 6}, pieces)
    said: list[str] = []

    def heard(_con: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    listen(fleet_engine, "before_cursor_execute", heard)
    with fleet_engine.connect() as con:
        found = shortfalls(con, None)
    remove(fleet_engine, "before_cursor_execute", heard)
    assert found == {HERE: Shortfall({GapReason.SHED: 1000, GapReason.STATISTICS: 999}, 0)}
    assert len(said) < 10


def test_only_the_sites_that_are_asked_for_are_looked_at(fleet_engine: Engine) -> None:
    keep(fleet_engine, {3}, [gap(GapReason.SHED, 1, 1), gap(GapReason.SHED, 1, 5, YARD)])
    with fleet_engine.connect() as con:
        assert set(shortfalls(con, None)) == {HERE, YARD}
        assert shortfalls(con, ["plant/hall"]) == {HERE: Shortfall({GapReason.SHED: 1}, 1)}
        assert shortfalls(con, ["plant/hal"]) == shortfalls(con, []) == {}
