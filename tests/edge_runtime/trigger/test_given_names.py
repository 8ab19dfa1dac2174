from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.verdict import PART_MAX_BYTES
from edge_runtime.trigger.given_names import REMEMBERED, GivenNames
from tests.fakes.parts import verdict

WANTED = st.one_of(st.sampled_from(["A", "A~2", "A~2~2", "A~3", "\n", "\\n", "é" * 70, "xé" * 70]), st.text())


def test_an_id_that_looks_like_a_repetition_is_not_taken_for_one() -> None:
    names = GivenNames()
    assert [names.fresh(one) for one in ("A", "A", "A~2", "A")] == ["A", "A~2", "A~2~2", "A~3"]


def test_a_repetition_avoids_an_id_that_came_before_it() -> None:
    names = GivenNames()
    assert [names.fresh(one) for one in ("A~2", "A", "A")] == ["A~2", "A", "A~3"]


def test_ids_that_differ_only_in_what_a_verdict_cuts_off_get_names_of_their_own() -> None:
    names = GivenNames()
    told = [verdict(part=names.fresh(first * 50 + "A" * PART_MAX_BYTES)).part for first in "xyz"]
    assert len(set(told)) == 3
    assert told[1].endswith("A~2")


@given(st.lists(WANTED, max_size=40))
def test_no_two_verdicts_carry_the_same_name_and_each_carries_what_was_given(wanted: list[str]) -> None:
    names = GivenNames()
    given_names = [names.fresh(one) for one in wanted]
    assert len(set(given_names)) == len(given_names)
    assert [verdict(part=one).part for one in given_names] == given_names


def test_names_are_remembered_within_a_bound_and_the_last_of_them_are_kept() -> None:
    names = GivenNames()
    for number in range(2 * REMEMBERED):
        names.fresh(str(number))
        names.fresh("EAN")
    assert len(names._times) == REMEMBERED
    assert names.fresh("EAN") == f"EAN~{2 * REMEMBERED + 1}"
    assert names.fresh(str(2 * REMEMBERED - 1)) == f"{2 * REMEMBERED - 1}~2"
