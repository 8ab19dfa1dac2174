from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.desk.production import Bar
from fleet_manager.desk.running_counts import Counts
from fleet_manager.pages.charts import column_chart, pareto_rows
from fleet_manager.pages.wording import percent

numbers = st.integers(0, 10**9)


@given(st.lists(st.builds(Counts, numbers, numbers, numbers), max_size=40))
def test_no_column_leaves_the_drawing_and_none_that_is_something_is_invisible(groups: list[Counts]) -> None:
    chart = column_chart("per hour", [(str(at), counts) for at, counts in enumerate(groups)])
    assert len(chart.axis) == len(groups)
    for bar, counts in zip(chart.bars, groups, strict=True):
        assert bar.x + bar.width <= chart.width
        assert {piece.kind for piece in bar.pieces} == {
            kind for kind, count in (("defect", counts.defect), ("unknown", counts.unknown)) if count
        }
        for piece in bar.pieces:
            assert 0 <= piece.y <= 100
            assert piece.height >= 1


def test_the_scale_is_the_smallest_that_holds_every_column() -> None:
    chart = column_chart("per hour", [("a", Counts(97, 2, 1)), ("b", Counts(96, 4, 0))])
    assert chart.scale == ("5 %", "2.5 %", "0 %")
    assert [piece.height for piece in chart.bars[1].pieces] == [80]


def test_a_pareto_adds_up_and_names_what_has_no_name() -> None:
    rows = pareto_rows([Bar("scratch", 3, 30, 0.75, 0.75), Bar("", 1, 10, 0.25, 1.0)], "without a label")
    assert [(row.name, row.width, row.together) for row in rows] == [
        ("scratch", 100, "75 %"),
        ("without a label", 33.33, "100 %"),
    ]


def test_a_yield_is_never_rounded_up_to_all() -> None:
    assert percent(9_999, 10_000) == "99.9 %"
    assert percent(10_000, 10_000) == "100.0 %"
    assert percent(0, 0) == "–"
