from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.trigger.announcement import Announcement
from edge_runtime.trigger.backlog import TOLD_MAX, Backlog
from edge_runtime.trigger.part_names import PartNames
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from edge_runtime.trigger.backlog import Awaited


class Scene:
    def __init__(self, most: int = 2) -> None:
        self.clock = FakeClock()
        self.expected: list[int] = []
        self.backlog = Backlog(PartNames(), most, self.clock, lambda at_ns, _: self.expected.append(at_ns))

    def announce(self, *moments_ns: int, unheard: int = 0) -> None:
        for at_ns in moments_ns:
            self.backlog.announce(Announcement(at_ns, unheard=unheard))

    def taken(self) -> list[Awaited]:
        found = []
        while (awaited := self.backlog.take(0.0)) is not None:
            found.append(awaited)
        return found


def test_parts_come_in_the_order_of_their_announcement() -> None:
    scene = Scene()
    scene.announce(10, 20)
    assert [(awaited.part, awaited.at_ns, awaited.missed) for awaited in scene.taken()] == [
        ("000001", 10, None),
        ("000002", 20, None),
    ]


def test_a_part_that_does_not_fit_is_missed_and_keeps_its_turn() -> None:
    scene = Scene(most=2)
    scene.announce(10, 20, 30)
    assert [awaited.missed is None for awaited in scene.taken()] == [True, True, False]
    assert (scene.backlog.counts.announced, scene.backlog.counts.missed) == (3, 1)


def test_parts_that_were_not_heard_are_missed_before_the_one_that_was() -> None:
    scene = Scene()
    scene.announce(100, unheard=2)
    assert [awaited.missed is None for awaited in scene.taken()] == [False, False, True]


def test_no_two_parts_have_the_same_moment() -> None:
    scene = Scene(most=64)
    scene.announce(10, 10, 9, unheard=1)
    moments = [awaited.at_ns for awaited in scene.taken()]
    assert moments == sorted(set(moments)) == scene.expected


def test_a_gate_hears_of_every_part_at_once_missed_ones_too() -> None:
    scene = Scene(most=1)
    scene.announce(10, 20, 30)
    assert scene.expected == [10, 20, 30]


def test_a_bouncing_contact_is_told_in_number_and_fills_no_memory() -> None:
    scene = Scene(most=1)
    scene.announce(*range(1, TOLD_MAX + 501))
    told = scene.taken()
    assert len(told) == TOLD_MAX + 1
    assert "500 parts" in str(told[-1].missed)
    assert scene.backlog.counts.untold == 499


def test_waiting_for_a_part_ends_in_time() -> None:
    scene = Scene()
    assert scene.backlog.take(0.2) is None
    assert scene.clock.waits_s == [pytest.approx(0.2)]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60), st.integers(1, 5))
def test_the_counts_always_add_up(steps: list[tuple[int, bool]], most: int) -> None:
    scene = Scene(most=most)
    told: list[Awaited] = []
    for number, (unheard, takes) in enumerate(steps):
        scene.announce(number * 1000, unheard=unheard)
        if takes and (awaited := scene.backlog.take(0.0)) is not None:
            told.append(awaited)
    told += scene.taken()
    counts = scene.backlog.counts
    assert counts.announced == len(told) + counts.untold == sum(unheard + 1 for unheard, _ in steps)
    assert counts.missed == sum(awaited.missed is not None for awaited in told)
    assert len({awaited.part for awaited in told}) == len(told)


def test_a_gap_alone_is_its_missed_parts_and_no_heard_one() -> None:
    scene = Scene()
    scene.backlog.announce(Announcement(100, unheard=2, heard=False))
    assert [awaited.missed is None for awaited in scene.taken()] == [False, False]
    assert (scene.backlog.counts.announced, scene.backlog.counts.missed) == (2, 2)
    assert len(scene.expected) == 2
