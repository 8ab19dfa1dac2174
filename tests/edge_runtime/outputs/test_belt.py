from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import CountedBelt, Moved
from edge_runtime.outputs.duty import Duty
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.terminals.listener import WireCounts
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.outputs import FakeOutput
from tests.fakes.verdicts import verdict

MS = 1_000_000
MANY = 20_000
"""More readings than a belt keeps."""


@dataclass
class Hearing:
    """What a belt asks of its encoder's listener."""

    lost: str | None = None
    counts: WireCounts = field(default_factory=lambda: WireCounts(opened=1))


def belt_with(hearing: Hearing) -> CountedBelt:
    belt = CountedBelt()
    belt.listen_to(hearing, lambda: None)  # type: ignore[arg-type]
    return belt


@pytest.mark.parametrize(("at_ms", "counts"), [(0, 0), (10, 0), (15, 3), (20, 6), (35, 10), (40, 10), (99, 10)])
def test_between_two_readings_the_belt_moves_evenly_and_after_the_last_it_stands(at_ms: int, counts: int) -> None:
    belt = belt_with(Hearing())
    for read_ms, moved in ((10, 0), (20, 6), (30, 4)):
        belt.take(Moved(read_ms * MS, moved))
    assert belt.position(at_ms * MS) == counts


def test_where_the_belt_was_at_a_moment_that_it_has_forgotten_is_not_known() -> None:
    belt = belt_with(Hearing())
    for number in range(MANY):
        belt.take(Moved(number * MS, 1))
    assert belt.position(0) is None
    assert belt.position((MANY - 1) * MS) == MANY


def test_without_an_encoder_nothing_is_known() -> None:
    assert (CountedBelt().lost, CountedBelt().position(1)) == ("no encoder", None)
    assert belt_with(Hearing(lost="unplugged")).position(1) is None


def test_an_encoder_that_was_opened_again_between_two_looks_gives_up_the_parts_on_their_way() -> None:
    hearing, clock = Hearing(), FakeClock()
    guard, stops = LineGuard(clock), list[str]()
    guard.tell(stops.append)
    duty = Duty(frozenset(), frozenset({Outcome.DEFECT}), MS, 50, 5, has_gate=True, required=True)
    backoff = Backoff(lambda: 1.0, first_s=0.1, most_s=0.2)
    actuator = Actuator("reject", FakeOutput(clock), duty, belt_with(hearing), guard, clock, backoff)
    actuator.turn()
    actuator.take(verdict("A", "defect"), NS_PER_S)
    actuator.turn()
    assert stops == []
    hearing.counts.opened += 1
    actuator.turn()
    why = "the encoder was lost while it was on its way"
    assert stops == [f"output reject could not be told of gate A: {why}"]
    assert actuator.underway == 0
