"""What a page is made from, and the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.gate.confusion import confusion
from converters.report import figures, sentences
from converters.report.calibration import coverage
from converters.report.chart import histogram, scatter
from converters.report.delegates import delegates
from converters.report.environment import page_template
from converters.report.examples import examples
from converters.report.islands import islands
from converters.report.layers import layers
from converters.report.matrix import matrix
from converters.report.size import size, zeros
from edge_contracts.manifest import AnomalyRule

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from converters.report.chart import Histogram
    from edge_contracts.bundle import Bundle
    from edge_contracts.card import Card
    from edge_contracts.manifest import Manifest, ProvenanceStep

LONGEST_VALUE = 200
SCORES = {
    "anomaly": "anomaly score",
    "classification": "probability of the best class",
    "detection": "best score of the first label",
    "segmentation": "share of the background",
    "reconstruction": "reconstruction error",
    "raw": "first output value",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that a report tells.

    manifest, card: of the artefact, finished. source: the float bundle's manifest.
    comparison: float against artefact, one entry per sample. samples: the inputs, in the same order.
    """

    manifest: Manifest
    card: Card
    source: Manifest
    comparison: Comparison
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the provenance, its inputs and settings as text."""

    step: str
    tool: str
    entries: tuple[tuple[str, str], ...]


def render(page: Page, bundle: Bundle) -> str:
    """The page as HTML that needs nothing beside it.

    Args:
        page: what to tell.
        bundle: the artefact, runnable, for heat maps of a few pictures.

    Returns:
        The same text for the same page. Names and labels are foreign text and are escaped.
    """
    flipped = figures.flips(page.comparison, page.source, page.manifest)
    is_random = page.card.gate is not None and page.card.gate.verdict == "reported"
    details = page.card.details
    has_score = page.manifest.task != "raw" or _values(page.manifest) == 1
    shown = (
        None if is_random or not has_score else examples(page.manifest, page.comparison, page.samples, flipped, bundle)
    )
    return page_template("converters.report", "page.html.j2").render(
        manifest=page.manifest,
        source=page.source,
        card=page.card,
        digest=bundle.digest,
        source_digest=_model_digest(page.source),
        verdict=sentences.verdict(page.card),
        words=sentences,
        pairs=figures.pairs(page.card, page.source, page.manifest),
        latency_remark=figures.latency_remark(page.card),
        findings=figures.findings(page.card, page.comparison, page.source, page.manifest),
        kernels=_kernels(page.comparison),
        shares=figures.shares(page.card.precision),
        score=SCORES[page.manifest.task],
        scatter=_scatter(page, flipped) if has_score else None,
        histogram=_histogram(page) if has_score else None,
        confusion=None if is_random else matrix(confusion(page.manifest, page.comparison, page.samples)),
        examples=shown,
        layers=layers(details.get("doctor")),
        islands=islands(details.get("doctor")),
        size=size(details.get("size")),
        zeros=zeros(details.get("sparsity")),
        coverage=coverage(details.get("calibration")),
        accelerators=delegates(details.get("delegates")),
        steps=[_step(step) for step in page.manifest.provenance],
    )


def _values(manifest: Manifest) -> int:
    """How many numbers all outputs have together: of a box detector's thousands the first says nothing."""
    return sum(math.prod(output.shape) for output in manifest.outputs)


def _kernels(comparison: Comparison) -> tuple[str, str] | None:
    """The names of both kernel sets, None where one was run."""
    return None if comparison.other is None else (comparison.kernels, comparison.other.kernels)


def _model_digest(manifest: Manifest) -> str:
    return next(entry.sha256 for entry in manifest.files if entry.path == manifest.model_path)


def _scatter(page: Page, flipped: npt.NDArray[np.bool_] | None) -> Any:
    thresholds = None
    if isinstance(page.source.rule, AnomalyRule) and isinstance(page.manifest.rule, AnomalyRule):
        thresholds = (page.source.rule.threshold, page.manifest.rule.threshold)
    return scatter(page.comparison.scores_float, page.comparison.scores, flipped, thresholds)


def _histogram(page: Page) -> Histogram | None:
    """Probabilities differ in points, scores in percent of the float score: a score's size is the model's own."""
    before, after = page.comparison.scores_float, page.comparison.scores
    if page.manifest.task == "classification":
        return histogram(100 * (after - before), "points")
    if page.manifest.task == "raw" or not np.all(before > 0):
        return histogram(after - before, "")
    return histogram(100 * (after / before - 1), "%")


def _step(step: ProvenanceStep) -> Step:
    settings = {name.replace("_", " "): value for name, value in step.settings.items()}
    entries = [*step.inputs.items(), *settings.items()]
    return Step(step.step, step.tool, tuple((_text(name), _text(value)) for name, value in entries))


def _text(value: Any) -> str:
    if value is None or value in ("", (), []):
        text = "none"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        text = ", ".join(str(one) for one in value)
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
