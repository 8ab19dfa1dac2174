"""What the line did, counted: the film's true story against the daemon's verdicts and the receiver's store. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lepton.demo.film import PartTruth

NEAR_FRAMES = 3
"""A verdict belongs to the part that was centred at most so many frames before or after the judged frame."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict of the daemon, as far as the count needs it.

    frame: the film's frame that was judged, counted from 0; None when no picture was.
    """

    part: str
    outcome: str
    frame: int | None
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The demo's figures, every one counted from the run.

    parts: on the belt. defective, found: true defects, and those called defect or unknown, so rejected.
    escapes: defective parts called good, or never judged. overkill: good parts called defect.
    unknown: parts that could not be judged. unjudged: parts without a verdict; doubled: extra verdicts.
    alerts, stored: alerts the daemon raised, alerts in the receiver's database. lost: of the daemon's, not stored.
    median_ms: per part, from frame to verdict.
    missed: kind of defect to (escaped, shown).
    """

    parts: int
    defective: int
    found: int
    escapes: int
    good: int
    overkill: int
    unknown: int
    unjudged: int
    doubled: int
    alerts: int
    stored: int
    lost: int
    median_ms: float
    missed: Mapping[str, tuple[int, int]]

    def document(self) -> dict[str, Any]:
        """The figures as JSON."""
        return asdict(self)


def count(truth: Sequence[PartTruth], judged: Sequence[Judged], stored_parts: Sequence[str]) -> Outcome:
    """Count what became of each part.

    Args:
        truth: every part of the film.
        judged: every verdict of the daemon, in order.
        stored_parts: the part of each stored alert.
    """
    verdicts = [_verdicts_of(part, judged) for part in truth]
    called = [found[0].outcome if found else "unjudged" for found in verdicts]
    pairs = list(zip(truth, called, strict=True))
    bad = [(part, outcome) for part, outcome in pairs if part.defect]
    good = [outcome for part, outcome in pairs if not part.defect]
    alerts = [one.part for one in judged if one.outcome != "good"]
    escaped = [part.defect for part, outcome in bad if outcome in {"good", "unjudged"}]
    kinds = sorted({part.defect for part, _ in bad if part.defect})
    return Outcome(
        parts=len(truth),
        defective=len(bad),
        found=len(bad) - len(escaped),
        escapes=len(escaped),
        good=len(good),
        overkill=good.count("defect"),
        unknown=called.count("unknown"),
        unjudged=called.count("unjudged"),
        doubled=len(judged) - sum(bool(found) for found in verdicts),
        alerts=len(alerts),
        stored=len(stored_parts),
        lost=len(set(alerts) - set(stored_parts)),
        median_ms=median([one.latency_ms for one in judged]) if judged else 0.0,
        missed={kind: (escaped.count(kind), sum(part.defect == kind for part, _ in bad)) for kind in kinds},
    )


def _verdicts_of(part: PartTruth, judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.frame is not None and abs(one.frame - part.centred_frame) <= NEAR_FRAMES]
