from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge_runtime.frames import Frame
from edge_runtime.occasion import Occasion
from edge_runtime.trigger.expecting import Expecting
from tests.fakes.pictures import picture


@dataclass
class Calls:
    occasion: Occasion | None

    def next(self) -> Occasion | None:
        return self.occasion


@pytest.mark.parametrize(
    ("occasion", "expected"),
    [
        (Occasion("1", Frame(picture(), 70, 1), 100), [(100, 70)]),
        (Occasion("1", None, 100), [(100, 100)]),
        (None, []),
    ],
)
def test_each_part_is_expected_from_where_its_picture_was_taken(
    occasion: Occasion | None, expected: list[tuple[int, int]]
) -> None:
    told: list[tuple[int, int]] = []
    trigger = Expecting(Calls(occasion), lambda *moments: told.append(moments))
    assert trigger.next() is occasion
    assert told == expected
