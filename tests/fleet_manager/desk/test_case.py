from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alert import Severity
from fleet_manager.desk.case import GRAVITY, Case, fold
from fleet_manager.desk.followed_alert import FollowedAlert

GAP_MS = 10


def alert(number: int, happened_ms: int, severity: Severity = Severity.INFO, parts: int = 1) -> FollowedAlert:
    what = ("o/s", "o/s/d", "gate", "part-1", "defect", "threshold", "dent")
    return FollowedAlert(number, *what, severity, "", parts, happened_ms, happened_ms)


ALERTS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(Severity), st.integers(1, 5)), min_size=1, max_size=30
).map(lambda told: [alert(number, *one) for number, one in enumerate(told, 1)])


def clustered(alerts: list[FollowedAlert]) -> list[tuple[int, int, int, int, int, int, Severity]]:
    """The cases of all alerts at once, by the definition."""
    ordered = sorted(alerts, key=lambda one: one.happened_ms)
    groups = [[ordered[0]]]
    for before, one in itertools.pairwise(ordered):
        if one.happened_ms - before.happened_ms > GAP_MS:
            groups.append([])
        groups[-1].append(one)
    return [
        (
            group[0].happened_ms,
            group[-1].happened_ms,
            min(one.id for one in group),
            max(one.id for one in group),
            len(group),
            sum(one.parts for one in group),
            max((one.severity for one in group), key=GRAVITY.__getitem__),
        )
        for group in groups
    ]


@given(ALERTS, st.data())
def test_the_order_and_the_batches_in_which_alerts_come_make_no_difference(alerts, data) -> None:
    arriving = data.draw(st.permutations(alerts))
    held: dict[int, Case] = {}
    numbers = itertools.count(1)
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        folded = fold(held.values(), arriving[:size], GAP_MS)
        arriving = arriving[size:]
        for number in folded.gone:
            del held[number]
        for case in folded.changed:
            known = case if case.id is not None else replace(case, id=next(numbers))
            held[known.id] = known
    found = [
        (one.first_ms, one.last_ms, one.first_id, one.last_id, one.alerts, one.parts, one.severity)
        for one in sorted(held.values(), key=lambda one: one.first_ms)
    ]
    assert found == clustered(alerts)


def test_a_case_that_nothing_touches_is_not_written_again() -> None:
    first = replace(fold([], [alert(1, 0)], GAP_MS).changed[0], id=1)
    folded = fold([first], [alert(2, 100)], GAP_MS)
    assert [case.id for case in folded.changed] == [None]
    assert folded.gone == ()


def test_the_older_of_two_cases_that_grow_together_keeps_its_number() -> None:
    late = replace(fold([], [alert(1, 20)], GAP_MS).changed[0], id=1)
    early = replace(fold([], [alert(2, 0)], GAP_MS).changed[0], id=2)
    folded = fold([late, early], [alert(3, 10)], GAP_MS)
    assert [(case.id, case.first_ms, case.last_ms, case.alerts) for case in folded.changed] == [(1, 0, 20, 3)]
    assert folded.gone == (2,)
