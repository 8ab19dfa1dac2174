"""The tables of the page: what changed from float to artefact, and what the network is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.report.quantity import GAP, file_size, percent, plain, points, times
from edge_contracts.manifest import AnomalyRule

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.gate.verify import Comparison
    from edge_contracts.card import Card, Measurement, PrecisionShare
    from edge_contracts.manifest import Manifest

KNOWN = frozenset(
    {
        "model_bytes",
        "float_model_bytes",
        "latency_ms",
        "float_latency_ms",
        "signal_to_noise_db",
        "agreement",
        "expected_loss",
        "accuracy_float",
        "accuracy",
        "score_shift",
        "auroc_float",
        "auroc",
    }
)
"""Measurements that have their own row, with either kernels; any other is listed as the card has it."""

BUILTIN = "_builtin"
BYTES = frozenset({"B", "bytes"})

ELSEWHERE = ", not the board"


@dataclass(frozen=True, slots=True)
class Pair:
    """One quantity before and after.

    bars: lengths of the two bars, 0 to 1 of the longer; None for quantities that are better when larger.
    """

    label: str
    before: str
    after: str
    change: str
    bars: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure that compares the two models, with what it means; `other` is the same with the other kernels."""

    label: str
    value: str
    meaning: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One precision: operators that compute in it, constants stored in it; shares of the whole, 0 to 1."""

    precision: str
    operators: str
    operators_share: float
    stored: str
    stored_share: float


def pairs(card: Card, source: Manifest, manifest: Manifest) -> list[Pair]:
    """Size, latency, accuracy, threshold: what both models have."""
    known = {metric.name: metric.value for metric in card.metrics}
    rows = []
    if {"float_model_bytes", "model_bytes"} <= set(known):
        before, after = known["float_model_bytes"], known["model_bytes"]
        change = times(before, after, "smaller", "larger")
        rows.append(Pair("Model file", file_size(before), file_size(after), change, _bars(before, after)))
    if {"float_latency_ms", "latency_ms"} <= set(known):
        before, after = known["float_latency_ms"], known["latency_ms"]
        change = times(before, after, "faster", "slower")
        rows.append(
            Pair("Latency, median", f"{plain(before)}{GAP}ms", f"{plain(after)}{GAP}ms", change, _bars(before, after))
        )
    if {"accuracy_float", "accuracy"} <= set(known):
        before, after = known["accuracy_float"], known["accuracy"]
        rows.append(Pair("Accuracy", percent(before), percent(after), points(before, after)))
    if {"auroc_float", "auroc"} <= set(known):
        before, after = known["auroc_float"], known["auroc"]
        rows.append(Pair("AUROC", f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}".replace("-", "−")))
    if isinstance(source.rule, AnomalyRule) and isinstance(manifest.rule, AnomalyRule):
        before, after = source.rule.threshold, manifest.rule.threshold
        rows.append(Pair("Threshold", plain(before, 4), plain(after, 4), _relative(before, after)))
    return rows


def findings(card: Card, comparison: Comparison, source: Manifest, manifest: Manifest) -> list[Finding]:
    """What the gate found on the same inputs, with the default kernels and the builtin ones beside them."""
    mine = _compared(comparison, source, manifest)
    theirs = _compared(comparison.other, source, manifest) if comparison.other else {}
    rows = [Finding(label, value, _meaning(label), theirs.get(label, "")) for label, value in mine.items()]
    listed = [metric for metric in card.metrics if metric.name.removesuffix(BUILTIN) not in KNOWN]
    return rows + [_other(metric) for metric in listed]


def _compared(comparison: Comparison, source: Manifest, manifest: Manifest) -> dict[str, str]:
    """Label to value."""
    rows = {}
    flipped = flips(comparison, source, manifest)
    if flipped is not None:
        label = "Same class" if comparison.agreement is not None else "Same verdict"
        rows[label] = f"{int(np.sum(~flipped))} of {len(flipped)}"
    if comparison.accuracy is not None:
        rows["Accuracy"] = percent(comparison.accuracy)
    if comparison.auroc is not None:
        rows["AUROC"] = f"{comparison.auroc:.4f}"
    if comparison.score_shift is not None:
        rows["Score shift"] = _percent(comparison.score_shift)
    if comparison.expected_loss is not None:
        rows["Expected loss"] = f"{plain(100 * comparison.expected_loss)}{GAP}points"
    return {**rows, "Signal to noise": f"{plain(comparison.signal_to_noise_db)}{GAP}dB"}


def _meaning(label: str) -> str:
    return {
        "Same class": "inputs on which both models give the same best class",
        "Same verdict": "inputs on which both models give the same verdict",
        "Accuracy": "labelled inputs whose best class is their folder's",
        "AUROC": "chance that a defective part scores above a good one",
        "Score shift": "mean relative change of the score",
        "Expected loss": "of accuracy on these inputs, by the float model's own probabilities",
        "Signal to noise": "of the worst output after any softmax, on all inputs; the noise is artefact minus float",
    }[label]


def latency_remark(card: Card) -> str:
    """Where the milliseconds come from."""
    where = next((metric.where for metric in card.metrics if metric.name == "latency_ms"), "")
    machine = where.removesuffix(ELSEWHERE)
    if not where:
        return ""
    measured = f"Latency was measured here, not on the board{f' ({machine})' if machine else ''}."
    return f"{measured} It is the whole network's: the runtime tells no time per operator."


def shares(found: tuple[PrecisionShare, ...]) -> list[Share]:
    """Operators and stored bytes by precision, the heaviest first."""
    operators = max(1, sum(one.operators for one in found))
    stored = max(1, sum(one.bytes for one in found))
    return [
        Share(one.precision, str(one.operators), one.operators / operators, file_size(one.bytes), one.bytes / stored)
        for one in sorted(found, key=lambda one: (-one.bytes, -one.operators, one.precision))
    ]


def flips(comparison: Comparison, source: Manifest, manifest: Manifest) -> npt.NDArray[np.bool_] | None:
    """Per input whether the two models answer differently; None where neither judges."""
    if comparison.classes is not None and comparison.classes_float is not None:
        return np.asarray(comparison.classes != comparison.classes_float, np.bool_)
    if isinstance(source.rule, AnomalyRule) and isinstance(manifest.rule, AnomalyRule):
        before = comparison.scores_float >= source.rule.threshold
        return np.asarray(before != (comparison.scores >= manifest.rule.threshold), np.bool_)
    return None


def _percent(share: float) -> str:
    """A share in percent with three digits that matter."""
    return f"{plain(100 * share)}{GAP}%" if math.isfinite(share) else plain(share)


def _bars(before: float, after: float) -> tuple[float, float]:
    longer = max(before, after, 1e-12)
    return before / longer, after / longer


def _relative(before: float, after: float) -> str:
    return f"{100 * (after / before - 1):+.2f}{GAP}%".replace("-", "−") if before > 0 else ""


def _other(metric: Measurement) -> Finding:
    unit = "" if metric.unit == "1" else f"{GAP}{metric.unit}"
    value = file_size(metric.value) if metric.unit in BYTES else f"{plain(metric.value)}{unit}"
    interval = "" if metric.low is None or metric.high is None else f", {plain(metric.low)} to {plain(metric.high)}"
    where = f", {metric.where}" if metric.where else ""
    name = metric.name.replace("_", " ").capitalize()
    return Finding(name.removesuffix(" bytes"), value, f"{metric.how}{interval}{where}")
