"""What a search came to: which recipe is taken, the bundle that it makes, and what held-out parts say of it, once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.infer.predictor import Predictor
from training.checks.known_again import known_again
from training.dataset import Photographs
from training.dataset.judged_split import TEST_SPLIT
from training.evaluation import evaluate_samples
from training.robustness.suite import figures_of
from training.search.verdict import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.dataset import Sample
    from training.search.judged import Limits
    from training.search.rounds import Tried
    from training.search.space import Criterion, Space

NOTHING_HELD_OUT = (
    "no row of the split test, so nobody knows what this recipe is worth on parts that no trial saw; judge the bundle "
    "on labelled ones before you trust it"
)


def require_held_out(samples: Sequence[Sample], source: Path, criterion: Criterion) -> None:
    """Refuse labelled data that keeps nothing to judge the outcome by: the best of many trials flatters.

    Raises:
        BadInputError: saying how to split it.
    """
    if criterion != "separation" and not any(one.split == TEST_SPLIT for one in samples):
        raise BadInputError(
            f"wanted rows of the split {TEST_SPLIT} in {source}, to judge what the search finds by parts that no trial "
            f"saw, found none; split it first: lepton data split {source} -o split.csv"
        )


def outcome_of(
    trials: Sequence[Tried],
    space: Space,
    limits: Limits,
    samples: Sequence[Sample],
    output: Path | None,
    *,
    ended: bool,
) -> dict[str, Any]:
    """Choose, make the bundle, judge it; plain values for JSON.

    Args:
        trials: of the study, those that ended.
        space: that they are of.
        limits: what the recipe may cost.
        samples: the whole dataset.
        output: where the bundle goes; None to make none.
        ended: whether nothing is left to try.

    Raises:
        BadInputError: no trial was judged.
        RefusedError: none keeps the limits.
    """
    one = chosen(trials, space.criterion, space.usual, limits)
    usual = next((tried for tried in trials if tried.params == space.usual), None)
    words = () if output is None else space.make(one.params, output)
    held_out = [sample for sample in samples if sample.split == TEST_SPLIT]
    notes = [space.note] if space.note else []
    if output is not None:
        notes += _flattery(output, held_out) if held_out else [NOTHING_HELD_OUT]
    return {
        "criterion": space.criterion,
        "trials": len(trials),
        "refused": sum(tried.judged is None for tried in trials),
        "ended": ended,
        "chosen": tried_document(one),
        "usual": None if usual is None else tried_document(usual),
        "bundle": None if output is None else str(output),
        "words": list(words),
        "held_out": None if output is None or not held_out else _figures(output, held_out),
        "note": "; ".join(notes),
    }


def tried_document(tried: Tried) -> dict[str, Any]:
    """A trial as plain values, without the scores of single parts."""
    found = tried.judged
    return {
        "number": tried.number,
        "params": tried.params,
        "refused": tried.refused,
        "seconds": tried.seconds,
        "quality": None if found is None else found.quality,
        "model_bytes": None if found is None else found.model_bytes,
        "ms": None if found is None else found.ms,
    }


def _flattery(output: Path, held_out: Sequence[Sample]) -> list[str]:
    known = known_again(read_bundle(output), held_out)
    return [f"{len(known)} of the held-out parts are nearly the same as learned ones: split anew"] if known else []


def _figures(output: Path, held_out: Sequence[Sample]) -> dict[str, Any]:
    predictor = Predictor.load(read_bundle(output))
    found: dict[str, Any] = {"good": sum(one.is_good for one in held_out), "accuracy": None, "auroc": None}
    found["defective"] = len(held_out) - found["good"]
    if predictor.manifest.task == "classification":
        found["accuracy"] = figures_of(predictor, held_out, Photographs(held_out)).accuracy
    if predictor.manifest.rule.kind != "none":
        found |= evaluate_samples(predictor, held_out, monotonic_ns=time.monotonic_ns).document()
    predictor.close()
    return {key: value for key, value in found.items() if key != "pictures"}
