"""The judge of the fault suite sees each kind of broken promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.faults.fault import Fault, Harm
from tests.system.faults.judgement import DEADLINE_NS, INTERVAL_NS, Window, judge
from tests.system.faults.observed_daemon import Told

if TYPE_CHECKING:
    from tests.system.faults.judgement import Judgement

S = 1_000_000_000
MS = 1_000_000
BEGUN_NS = 100 * S
WINDOW = Window(BEGUN_NS + 4 * S, BEGUN_NS + 5900 * MS, BEGUN_NS + 7 * S)


class Blinding(Fault):
    name = "blinding"


class Costing(Fault):
    name = "costing"
    harm = Harm.COSTS


class Harmless(Fault):
    name = "harmless"
    harm = Harm.NONE


def tick(number: int) -> int:
    return BEGUN_NS + number * INTERVAL_NS


def part(number: int, outcome: str = "good", *, late_ns: int = 5 * MS, captured_ns: int | None = None) -> Told:
    decided_ns = tick(number) + late_ns
    captured_ns = tick(number) - 30 * MS if captured_ns is None else captured_ns
    return Told(f"{number:06}", outcome, "clean", captured_ns, decided_ns, decided_ns + 2 * MS)


def run(*changed: Told, without: tuple[int, ...] = (), fault: Fault | None = None, blind: bool = True) -> Judgement:
    """Thirty parts, ten to fifteen during the fault; all good ones lay there."""
    told = {number: part(number) for number in range(30)}
    if blind:
        told |= {number: part(number, "unknown") for number in range(10, 15)}
    told |= {int(one.part): one for one in changed}
    kept = [one for number, one in sorted(told.items()) if number not in without]
    return judge(kept, [WINDOW], fault or Blinding(), lambda _: "good")


def test_a_run_that_keeps_every_promise_has_nothing_to_tell() -> None:
    judgement = run()
    assert judgement.broken == []
    assert judgement.during == {"unknown": 5}


def test_a_part_without_a_verdict_is_seen() -> None:
    assert run(without=(20,)).broken == ["000021: 1 parts before it without a verdict"]


def test_two_verdicts_for_one_part_are_seen() -> None:
    twice = Told("000020", "good", "clean", tick(20), tick(20) + 9 * MS, tick(20) + 9 * MS)
    told = [part(number) for number in range(30)]
    told.insert(21, twice)
    assert "000020: two for one part" in judge(told, [], Harmless(), lambda _: "good").broken


def test_a_part_that_comes_a_whole_interval_late_is_late_and_not_missing() -> None:
    stalled = part(12, "unknown", late_ns=INTERVAL_NS + 1 * MS)
    assert run(stalled).broken == ["000012: more than 400 ms late"]


def test_a_part_that_another_was_told_twice_for_is_missing() -> None:
    told = [part(number) for number in range(30) if number != 20]
    told.insert(21, Told("000021", "good", "clean", tick(21), tick(21) + 9 * MS, tick(21) + 9 * MS))
    broken = judge(told, [], Harmless(), lambda _: "good").broken
    assert broken == ["000021: 1 parts before it without a verdict", "000021: two for one part"]


def test_a_late_verdict_is_seen() -> None:
    late = part(12, "unknown", late_ns=DEADLINE_NS + 30 * MS)
    (sentence,) = run(late).broken
    assert sentence.startswith("000012: ")
    assert sentence.endswith("ms late")


def test_a_line_that_comes_long_after_its_verdict_is_seen() -> None:
    one = part(20)
    slow = Told(one.part, one.outcome, one.cause, one.captured_at_ns, one.decided_at_ns, one.decided_at_ns + S)
    assert run(slow).broken == ["a line came 1000 ms after its verdict"]


def test_a_good_verdict_while_nothing_could_be_seen_is_seen() -> None:
    assert run(part(12)).broken == ["000012: called good though the fault kept it from inspection"]


def test_a_good_verdict_on_an_old_picture_is_seen() -> None:
    old = part(13, captured_ns=BEGUN_NS)
    assert run(old).broken == ["000013: called good though the fault kept it from inspection"]


@pytest.mark.parametrize(("outcome", "truth"), [("good", "defect"), ("defect", "good")])
def test_a_wrong_verdict_is_seen(outcome: str, truth: str) -> None:
    told = [part(number, truth if number != 25 else outcome) for number in range(30)]
    (sentence,) = judge(told, [], Harmless(), lambda _: truth).broken
    assert sentence.startswith("000025: ")


def test_an_unknown_part_is_excused_only_while_the_fault_and_its_recovery_last() -> None:
    assert run(part(25, "unknown"), fault=Costing()).broken == ["000025: unknown (clean) without need"]
    assert run(part(17, "unknown"), fault=Costing()).broken == []


def test_a_harmless_fault_costs_no_part() -> None:
    assert len(run(fault=Harmless()).broken) == 5


def test_a_daemon_that_recovers_late_or_never_is_seen() -> None:
    told = [part(number) for number in range(30)]
    late = Window(BEGUN_NS + 4 * S, BEGUN_NS + 4 * S + 1, BEGUN_NS + 10 * S)
    never = Window(BEGUN_NS + 4 * S, BEGUN_NS + 4 * S + 1, None)
    assert judge(told, [late, never], Costing(), lambda _: "good").broken == [
        "recovered after 6.0 s",
        "no good verdict any more",
    ]
