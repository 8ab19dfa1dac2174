"""Whether the promises were kept through one fault. Pure: the same verdicts and times give the same answer.

Kept from inspection means: judged while the model was harmed, judged on a spoilt picture, or judged on a picture older
than the station allows while no other came. No such part may be good (or a defect: nobody looked). A frozen picture
cannot be known as such before it has come `frozen_frames` times, so so many less one are spared.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_runtime.rehearsal.fault import Fault, FaultKind, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.verdict import Outcome
    from edge_runtime.rehearsal.verdict_tape import Told

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Promises:
    """What a point owes.

    oldest_ms: a picture and the deadline behind it together.
    spared: frozen pictures that cannot be known yet.
    silence_s: the longest time without a verdict, None where parts come as they like.
    recovery_s: from the end of a fault to the first part that is judged.
    """

    oldest_ms: float
    spared: int
    silence_s: float | None
    recovery_s: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of the table.

    outcomes, causes: of the parts during the fault.
    first_after: the first verdict after it, None when there was none.
    recovery_s: to the first part that was judged, None where nothing had to recover or nothing did.
    broken: each broken promise in a sentence.
    """

    fault: Fault
    point: str
    outcomes: Counter[Outcome]
    causes: Counter[str]
    first_after: Outcome | None
    recovery_s: float | None
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A fault's time, monotonic nanoseconds; first_harm_ns: when a model was first asked in vain."""

    begin_ns: int
    end_ns: int
    first_harm_ns: int | None = None


def judge(fault: Fault, point: str, told: Sequence[Told], span: Span, promises: Promises) -> Judgement:
    """Judge one fault at one point by that point's verdicts.

    Args:
        fault: what was acted out.
        point: whose verdicts these are.
        told: up to the next fault.
        span: when it was acted out.
        promises: what the point owes.
    """
    during = [one for one in told if span.begin_ns <= one.decided_at_ns < span.end_ns]
    after = [one for one in told if one.decided_at_ns >= span.end_ns]
    back = _recovery_s(fault, after, span) if fault.stage is not Stage.OUTSIDE else None
    broken = [*_unseen(during), *_noticed(fault, during, span, promises), *_silent(during, span, promises)]
    if fault.stage is not Stage.OUTSIDE and (back is None or back > promises.recovery_s):
        shown = "no part" if back is None else f"the first part after {back:.1f} s"
        broken.append(f"wanted a part judged within {promises.recovery_s:g} s of the fault's end, found {shown}")
    return Judgement(
        fault=fault,
        point=point,
        outcomes=Counter(one.outcome for one in during),
        causes=Counter(one.cause.value for one in during),
        first_after=after[0].outcome if after else None,
        recovery_s=back,
        broken=tuple(broken),
    )


def _unseen(during: Sequence[Told]) -> list[str]:
    """Where no part came, nobody knows what would have been said of one."""
    return [] if during else ["wanted a part during the fault, which shows what is said of it, found none"]


def _noticed(fault: Fault, during: Sequence[Told], span: Span, promises: Promises) -> list[str]:
    if fault.stage is Stage.OUTSIDE:
        lost = [one for one in during if not one.is_judged]
        return [f"wanted no part to notice, found {len(lost)} unknown ({lost[0].cause.value})"] if lost else []
    wrong = [one for one in during if one.is_judged and _is_kept_from_inspection(fault, one, span, promises)]
    if fault.kind is FaultKind.SOURCE_FREEZES:
        wrong = wrong[promises.spared :]
    if not wrong:
        return []
    return [f"wanted every part unknown, found {wrong[0].part} {wrong[0].outcome.value} and {len(wrong) - 1} more"]


def _is_kept_from_inspection(fault: Fault, one: Told, span: Span, promises: Promises) -> bool:
    if fault.stage is Stage.MODEL:
        return span.first_harm_ns is not None and one.decided_at_ns >= span.first_harm_ns
    is_old = one.decided_at_ns - one.captured_at_ns > promises.oldest_ms * _NS_PER_MS
    if fault.kind is FaultKind.SOURCE_LAGS:
        return is_old
    return is_old or one.captured_at_ns >= span.begin_ns


def _silent(during: Sequence[Told], span: Span, promises: Promises) -> list[str]:
    if promises.silence_s is None:
        return []
    if not during:
        return []
    moments = [span.begin_ns, *(one.decided_at_ns for one in during), span.end_ns]
    longest_s = max(after - before for before, after in itertools.pairwise(moments)) / _NS_PER_S
    if longest_s <= promises.silence_s:
        return []
    return [f"wanted a verdict at least every {promises.silence_s:.1f} s, found none for {longest_s:.1f} s"]


def _recovery_s(fault: Fault, after: Sequence[Told], span: Span) -> float | None:
    for one in after:
        is_fresh = fault.stage is Stage.MODEL or one.captured_at_ns >= span.end_ns
        if one.is_judged and is_fresh:
            return (one.decided_at_ns - span.end_ns) / _NS_PER_S
    return None
