from __future__ import annotations

from pathlib import Path

import pytest

from training.dataset import Sample
from training.heads.labelled import why_not


def _samples(label: str, *groups: str) -> list[Sample]:
    return [Sample(Path(f"{label}-{place}.png"), label, group) for place, group in enumerate(groups)]


GOOD = _samples("good", *[""] * 12)


def _why(good: list[Sample], defects: list[Sample]) -> str:
    return why_not(good, defects, [one.group or str(one.path) for one in [*good, *defects]])


def test_five_defects_of_their_own_are_enough() -> None:
    assert _why(GOOD, _samples("dent", *[""] * 5)) == ""
    assert _why(GOOD, []) == ""


@pytest.mark.parametrize(
    ("good", "defects", "found"),
    [
        (GOOD, _samples("dent", *[""] * 4), "4 labelled defects were not learned: 5 defects"),
        (GOOD, _samples("dent", *["part-7"] * 9), "9 labelled defects were not learned: 5 defects"),
        (_samples("good", *["a", "b"] * 10), _samples("dent", *[""] * 9), "not learned: 5 good parts"),
        (_samples("good", *"abcdefgh"), _samples("dent", *"abcdefgh"), "not learned: 5 good parts"),
    ],
)
def test_relatives_count_once(good: list[Sample], defects: list[Sample], found: str) -> None:
    assert found in _why(good, defects)
