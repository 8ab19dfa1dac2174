"""What a bundle says of labelled pictures, scored with the very predictor that the board runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.gate.metrics import OVERKILL
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ClassRule, NoRule
from edge_contracts.verdict import Outcome
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Decision, Ruling
from training.dataset.subjects import subjects_of
from training.figures import Area, LabelFigures, Share, area_of, bounds_document, escape_of, rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.manifest import Manifest
    from edge_runtime.frames import Scores
    from edge_runtime.infer.predictor import Predictor
    from training.dataset import Sample

NANOSECONDS_PER_MS = 1e6

UNJUDGED, LACKING = "it could not be judged", "something is missing on it"
"""Why a picture has no score: its verdict is unknown, or a defect without anything that could be held to a limit."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture's answer.

    score: greater is worse; the anomaly score, or for classes one minus the probability of the good ones.
    group: that pictures of one part share; empty where it has none.
    """

    path: str
    label: str
    is_good: bool
    score: float
    verdict: Outcome
    group: str = ""

    def document(self) -> dict[str, Any]:
        """Plain values for JSON, which has no word for a score that is not finite: null, and why in `no_score`."""
        why = "" if isfinite(self.score) else LACKING if self.verdict is Outcome.DEFECT else UNJUDGED
        return asdict(self) | {"score": None if why else self.score, "no_score": why}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answers to a set of pictures, and what they amount to.

    area, at_overkill: AUROC, and the defects that pass where 5 % of these good pictures fail; None without good or
        without defective pictures.
    overkill: good pictures not called good at the bundle's own threshold; None without good ones.
    escape: defective pictures called good there; None without defective ones.
    labels: the same for each label.
    ms_per_picture: median of preprocessing and inference together, wall time.
    """

    judged: tuple[Judged, ...]
    area: Area | None
    at_overkill: Share | None
    overkill: Share | None
    escape: Share | None
    labels: tuple[LabelFigures, ...]
    ms_per_picture: float

    @property
    def auroc(self) -> float | None:
        """The area's value."""
        return None if self.area is None else self.area.value

    @property
    def escape_at_5_percent_overkill(self) -> float | None:
        """The share's value."""
        return None if self.at_overkill is None else self.at_overkill.value

    @property
    def escaped(self) -> list[str]:
        """The defective pictures that the bundle's own threshold calls good."""
        return [one.path for one in self.judged if not one.is_good and one.verdict is Outcome.GOOD]

    @property
    def suggested_threshold(self) -> float | None:
        """The score that lets at most 5 % of these good pictures fail, and as few defects as possible pass.

        None without good pictures, and where more than 5 % of them have no finite score.
        """
        good = sorted((rank(one.score) for one in self.judged if one.is_good), reverse=True)
        limit = good[int(OVERKILL * len(good))] if good else float("inf")
        return float(np.nextafter(limit, np.inf)) if np.isfinite(limit) else None

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        good = sum(one.is_good for one in self.judged)
        confusion = Counter(
            f"{'good' if one.is_good else 'defective'} called {one.verdict.value}" for one in self.judged
        )
        return {
            "samples": len(self.judged),
            "good": good,
            "defective": len(self.judged) - good,
            "auroc": self.auroc,
            "escape_at_5_percent_overkill": self.escape_at_5_percent_overkill,
            "overkill": self.overkill.value if self.overkill else None,
            "escape": self.escape.value if self.escape else None,
            "bounds": bounds_document(self.area, self.at_overkill, self.overkill, self.escape),
            "ms_per_picture": self.ms_per_picture,
            "labels": {one.label: one.wrong.trials for one in self.labels},
            "by_label": [one.document() for one in self.labels],
            "confusion": dict(sorted(confusion.items())),
            "pictures": [one.document() for one in self.judged],
        }


def evaluate_samples(
    predictor: Predictor,
    samples: Sequence[Sample],
    *,
    monotonic_ns: Callable[[], int],
    progress: Callable[[int], object] | None = None,
) -> Evaluation:
    """Score every sample with `predictor` and compare with the labels.

    Raises:
        BadInputError: no samples, a picture that cannot be read, or a bundle that does not judge.
        BackendError: the runtime failed.
    """
    if not samples:
        raise BadInputError("wanted labelled pictures, found none; give --data a folder or manifest with rows")
    judged, spent_ms = [], []
    for number, (sample, subject) in enumerate(zip(samples, subjects_of(samples), strict=True), start=1):
        started_ns = monotonic_ns()
        scores = predictor.predict(subject)
        spent_ms.append((monotonic_ns() - started_ns) / NANOSECONDS_PER_MS)
        score, verdict = judge(predictor.manifest, scores)
        judged.append(Judged(str(sample.path), sample.label, sample.is_good, score, verdict, sample.group))
        if progress is not None:
            progress(number)
    return summarise(tuple(judged), median(spent_ms))


def classes_of(manifest: Manifest) -> dict[str, bool]:
    """The bundle's own classes and whether each is good; empty where its rule names none."""
    rule = manifest.rule
    return {label: label in rule.good for label in manifest.labels} if isinstance(rule, ClassRule) else {}


def noun_of(manifest: Manifest) -> str:
    """What one judged sample is called: `picture`, or `recording` for a model that listens or reads a sensor."""
    return "picture" if manifest.input.kind == "image" else "recording"


def require_pictures(manifest: Manifest, command: str) -> None:
    """Refuse a model that sees no pictures.

    Args:
        manifest: the bundle's.
        command: what asks, as its user knows it.

    Raises:
        BadInputError: naming it.
    """
    if manifest.input.kind in {"sound", "series"}:
        raise BadInputError(
            f"wanted a bundle that sees pictures for 'lepton {command}', found {manifest.name}, which judges "
            "recordings; 'lepton evaluate' says how well it does"
        )


def judge(manifest: Manifest, scores: Scores) -> tuple[float, Outcome]:
    """Score and verdict of one answer under the bundle's own rule, as a station would judge it.

    Raises:
        BadInputError: the bundle has no rule.
    """
    rule = manifest.rule
    if isinstance(rule, NoRule):
        raise BadInputError(f"wanted a bundle that judges, found {manifest.name} without a rule; it only measures")
    decision = decide(scores, Ruling(rule, manifest.labels))
    if isinstance(rule, ClassRule):
        return 1 - float(sum(scores.values[manifest.labels.index(label)] for label in rule.good)), decision.outcome
    return _suspicion(decision), decision.outcome


def _suspicion(decision: Decision) -> float:
    """What decided; a part that lacks something is the worst of all, one that nothing speaks against the best."""
    if decision.score is not None:
        return decision.score
    return {Outcome.GOOD: 0.0, Outcome.DEFECT: float("inf")}.get(decision.outcome, float("nan"))


def summarise(judged: tuple[Judged, ...], ms_per_picture: float) -> Evaluation:
    """The figures for answers that are there; a score that is not finite counts as the worst of all."""
    good, bad = ([one for one in judged if one.is_good is kind] for kind in (True, False))
    return Evaluation(
        judged=judged,
        area=_area(good, bad),
        at_overkill=escape_of(_ranks(good), _ranks(bad), [one.group for one in bad]),
        overkill=_wrong(good) if good else None,
        escape=_wrong(bad) if bad else None,
        labels=tuple(_figures(label, judged) for label in sorted({one.label for one in judged})),
        ms_per_picture=ms_per_picture,
    )


def _figures(label: str, judged: Sequence[Judged]) -> LabelFigures:
    own = [one for one in judged if one.label == label]
    is_good = own[0].is_good
    others = [one for one in judged if one.is_good is not is_good]
    area = _area(own, others) if is_good else _area(others, own)
    return LabelFigures(label, is_good, _wrong(own), area)


def _wrong(judged: Sequence[Judged]) -> Share:
    """Those whose verdict is not what they are: a defect called good, a good one called anything else."""
    wrong = [(one.verdict is Outcome.GOOD) is not one.is_good for one in judged]
    return Share.of(wrong, [one.group for one in judged])


def _area(good: Sequence[Judged], bad: Sequence[Judged]) -> Area | None:
    return area_of(_ranks(good), _ranks(bad), [one.group for one in (*good, *bad)])


def _ranks(judged: Sequence[Judged]) -> list[float]:
    return [rank(one.score) for one in judged]
