"""Whether the verdicts of a run keep the promises, by what the suite knows of the line. Pure.

Parts come by the clock: one per interval. The phase of that clock is read from the verdicts that were judged, so a
part without a verdict shows as a tick without one, and the lateness of each as its distance from its tick.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.system.faults.fault import Harm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.system.faults.fault import Fault
    from tests.system.faults.observed_daemon import Told

INTERVAL_NS = 400_000_000
DEADLINE_NS = 300_000_000
HANDED_OVER_NS = 100_000_000
"""From the verdict to its line here: a pipe, two threads and a busy machine lie between."""
EARLY_NS = 20_000_000
"""A part that needs no model is decided sooner after its tick than one that does."""
FRAME_AGE_NS = 300_000_000
RECOVERY_S = 5.0
TARDY = "ms late"
"""How a sentence about a late verdict ends."""
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """One time that the fault was there, in nanoseconds; `healed_ns` is the arrival of the first good verdict after."""

    begun_ns: int
    ended_ns: int
    healed_ns: int | None

    @property
    def recovery_s(self) -> float | None:
        return None if self.healed_ns is None else (self.healed_ns - self.ended_ns) / _NS_PER_S


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the verdicts of one run show.

    during: outcomes of parts that were decided while the fault was there.
    latest_ms: from the tick to the decision; handed_over_ms: from the decision to the line here, at worst.
    broken: promises that were not kept, in words.
    """

    during: Counter[str]
    latest_ms: float
    handed_over_ms: float
    broken: list[str]


def judge(
    told: Sequence[Told],
    windows: Sequence[Window],
    fault: Fault,
    truth: Callable[[Told], str | None],
    *,
    was_read: bool = True,
) -> Judgement:
    """Hold the verdicts against the promises.

    Args:
        told: all verdicts of the run, in order.
        windows: when the fault was there.
        fault: what it may cost.
        truth: what a part was, `good` or `defect`; None where that is not certain.
        was_read: whether the lines were read all the time, so that their arrival says something.
    """
    lateness, unanswered = _against_ticks(told)
    handed_over = [one.arrived_ns - one.decided_at_ns for one in told] if was_read else [0]
    inside = [one for one in told if any(window.begun_ns <= one.decided_at_ns < window.ended_ns for window in windows)]
    broken = [*unanswered]
    broken += [f"{one.part}: {late / _NS_PER_MS:.0f} {TARDY}" for one, late in lateness if late > DEADLINE_NS]
    if max(handed_over) > HANDED_OVER_NS + DEADLINE_NS:
        broken.append(f"a line came {max(handed_over) / _NS_PER_MS:.0f} ms after its verdict")
    broken += [sentence for one in told if (sentence := _wrong(one, windows, fault, truth(one)))]
    broken += _unhealed(windows)
    return Judgement(
        Counter(one.outcome for one in inside),
        max((late for _, late in lateness), default=0) / _NS_PER_MS,
        max(handed_over) / _NS_PER_MS,
        broken,
    )


def _against_ticks(told: Sequence[Told]) -> tuple[list[tuple[Told, int]], list[str]]:
    """How late each verdict is, and which ticks have none or two."""
    phase = _phase([one.decided_at_ns for one in told if one.outcome != "unknown"])
    ticks = [(one.decided_at_ns - phase) // INTERVAL_NS for one in told]
    lateness = [(one, max((one.decided_at_ns - phase) % INTERVAL_NS - EARLY_NS, 0)) for one in told]
    steps = [after - before for before, after in pairwise(ticks)]
    return lateness, list(_unanswered(told[1:], steps))


def _unanswered(later: Sequence[Told], steps: Sequence[int]) -> Iterator[str]:
    """What the ticks from verdict to verdict say; two and then none is a part that came a whole interval late."""
    after = [*zip(later[1:], steps[1:], strict=True), (None, 1)]
    came_late = False
    for one, step, (follower, its_step) in zip(later, steps, after, strict=True):
        made_up, came_late = (
            came_late,
            step == 2 and its_step == 0 and follower is not None and follower.part != one.part,
        )
        if came_late:
            yield f"{one.part}: more than {INTERVAL_NS // _NS_PER_MS} {TARDY}"
        elif step > 1:
            yield f"{one.part}: {step - 1} parts before it without a verdict"
        elif step < 1 and not made_up:
            yield f"{one.part}: two for one part"


def _phase(decided_ns: Sequence[int]) -> int:
    """Where in the interval the ticks lie: behind the widest gap between the times of verdicts, and a little before."""
    places = sorted(at % INTERVAL_NS for at in decided_ns)
    if not places:
        return 0
    gaps = [(here - before) % INTERVAL_NS for before, here in zip([places[-1], *places], places, strict=False)]
    if len(set(places)) == 1:
        return places[0] - EARLY_NS
    return places[gaps.index(max(gaps))] - EARLY_NS


def _wrong(one: Told, windows: Sequence[Window], fault: Fault, truth: str | None) -> str | None:
    seizes_ns = int(fault.seizes_s * _NS_PER_S)
    if any(window.begun_ns <= one.captured_at_ns < window.begun_ns + seizes_ns for window in windows):
        truth = None
    if one.outcome == "good" and truth == "defect":
        return f"{one.part}: a defect was called good"
    if one.outcome == "defect" and truth == "good":
        return f"{one.part}: a good part was called a defect"
    if (
        one.outcome == "good"
        and fault.harm is Harm.BLINDS
        and any(_was_blind(one, window, seizes_ns) for window in windows)
    ):
        return f"{one.part}: called good though the fault kept it from inspection"
    is_excused = fault.harm is not Harm.NONE and any(_is_excused(one, window) for window in windows)
    if one.outcome == "unknown" and not is_excused:
        return f"{one.part}: unknown ({one.cause}) without need"
    return None


def _was_blind(one: Told, window: Window, seizes_ns: int) -> bool:
    """It was captured, or decided on an older picture, while nothing could be seen."""
    from_ns = window.begun_ns + seizes_ns
    is_inside = from_ns <= one.captured_at_ns < window.ended_ns
    return is_inside or (from_ns + FRAME_AGE_NS <= one.decided_at_ns < window.ended_ns)


def _is_excused(one: Told, window: Window) -> bool:
    until_ns = window.ended_ns + int(RECOVERY_S * _NS_PER_S) if window.healed_ns is None else window.healed_ns
    return window.begun_ns <= one.decided_at_ns <= until_ns


def _unhealed(windows: Sequence[Window]) -> list[str]:
    late = [window.recovery_s for window in windows if window.recovery_s is None or window.recovery_s > RECOVERY_S]
    return ["no good verdict any more" if took is None else f"recovered after {took:.1f} s" for took in late]
