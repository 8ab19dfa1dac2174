"""The plan of a run: the same for the same seed, and as much of everything as was asked for."""

from __future__ import annotations

from collections import Counter

from tests.chaos.plan import KILLS, Kind, Sizes, plan


def test_the_same_seed_gives_the_same_blows():
    assert plan(Sizes(), 7) == plan(Sizes(), 7) != plan(Sizes(), 8)


def test_as_much_is_done_as_was_asked_for_and_all_of_it_while_alerts_flow():
    sizes = Sizes(workers=3)
    blows = plan(sizes, 1)
    counts = Counter(blow.kind for blow in blows)
    assert sum(counts[kind] for kind in KILLS) == sizes.kills
    assert (counts[Kind.CUT], counts[Kind.FILL], counts[Kind.RESTORE]) == (sizes.cuts, sizes.fills, sizes.restores)
    assert {blow.target for blow in blows if blow.kind is Kind.KILL_WORKER} == {0, 1, 2}
    assert all(0 < blow.at < 1 for blow in blows if blow.kind is not Kind.RESTORE)


def test_each_restore_follows_its_own_backup():
    kinds = [blow.kind for blow in plan(Sizes(), 1) if blow.kind in {Kind.BACKUP, Kind.RESTORE}]
    assert kinds == [Kind.BACKUP, Kind.RESTORE] * Sizes().restores
    assert plan(Sizes(), 1)[-1].at == 1.0, "the last one comes when nobody has anything to say"


def test_nothing_is_planned_for_what_is_not_there():
    kinds = {blow.kind for blow in plan(Sizes(halls=0, cuts=0, small_disks=0, fills=0, restores=0), 1)}
    assert kinds == set(KILLS)
