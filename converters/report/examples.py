"""Which inputs the page shows: those that changed their answer, the highest scores, and some typical ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.gate.confusion import answer_name
from converters.report.quantity import percent, plain
from converters.report.sentences import hottest
from converters.report.thumbnail import as_address, reduced
from edge_contracts.manifest import AnomalyRule
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.overlay import draw_heat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from edge_contracts.bundle import Bundle
    from edge_contracts.manifest import Manifest

MOST_PICTURES = 6
HIGHEST = 3
MOST_ROWS = 8
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Example:
    """One input, as it is shown.

    kind: why it is shown: `changed` its class, `high` or `typical` score, or empty.
    label: its folder's name, empty without one.
    before, after: the answers of the float model and the artefact; verdict: what the rule makes of the latter.
    picture, overlay: data addresses, empty where there is none; hottest: where the heat map is hottest.
    """

    kind: str
    name: str
    label: str
    before: str
    after: str
    verdict: str = ""
    picture: str = ""
    overlay: str = ""
    hottest: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """A group of examples and the sentence above it."""

    sentence: str
    shown: tuple[Example, ...]


def examples(
    manifest: Manifest,
    comparison: Comparison,
    samples: Sequence[Sample],
    flipped: npt.NDArray[np.bool_] | None,
    bundle: Bundle,
) -> Examples | None:
    """Choose and draw; None where there is nothing that a person could learn from."""
    if comparison.classes is not None and comparison.classes_float is not None and flipped is not None:
        return _classes(manifest, comparison, samples, flipped)
    pictured = np.asarray([index for index, sample in enumerate(samples) if sample.is_picture], np.intp)
    usable = pictured[np.isfinite(comparison.scores[pictured])]
    if not usable.size:
        return None
    chosen = _highest_and_typical(comparison.scores, usable)
    shown = _scored(manifest, comparison, samples, chosen, bundle)
    return Examples("The highest scores first, then inputs that score as most do.", tuple(shown))


def _classes(
    manifest: Manifest, comparison: Comparison, samples: Sequence[Sample], flipped: npt.NDArray[np.bool_]
) -> Examples | None:
    moved = np.abs(comparison.scores - comparison.scores_float)
    has_pictures = any(sample.is_picture for sample in samples)
    chosen = np.lexsort((-moved, ~flipped))[: MOST_PICTURES if has_pictures else MOST_ROWS]
    return Examples(
        _told(int(flipped.sum()), len(flipped)),
        tuple(
            _named(manifest, comparison, samples[index], int(index), "changed" if flipped[index] else "")
            for index in chosen
        ),
    )


def _told(changed: int, inputs: int) -> str:
    whose = "its" if changed < 2 else "their"  # noqa: PLR2004 - the plural
    first = f"{changed or 'None'} of {inputs} inputs changed {whose} class"
    if not changed:
        return f"{first}. These changed the winner's probability most."
    return f"{first}. Such inputs come first, then those whose winner's probability changed most."


def _named(manifest: Manifest, comparison: Comparison, sample: Sample, index: int, kind: str) -> Example:
    if comparison.classes is None or comparison.classes_float is None:
        raise ValueError("wanted the classes of both models, found none; compare a classifier")
    answers = [
        f"{_short(answer_name(manifest.labels, winners[index]))}, {percent(float(scores[index]))}"
        for winners, scores in (
            (comparison.classes_float, comparison.scores_float),
            (comparison.classes, comparison.scores),
        )
    ]
    pixels = sample.pixels
    picture = "" if pixels is None else as_address(reduced(pixels))
    return Example(
        kind, _short(sample.name), _short(sample.label), _short(answers[0]), _short(answers[1]), picture=picture
    )


def _highest_and_typical(scores: npt.NDArray[np.float64], usable: npt.NDArray[np.intp]) -> list[tuple[str, int]]:
    ordered = usable[np.argsort(-scores[usable], kind="stable")]
    highest, others = ordered[:HIGHEST], ordered[HIGHEST:]
    middle = float(np.median(scores[usable]))
    typical = others[np.argsort(np.abs(scores[others] - middle), kind="stable")][: MOST_PICTURES - HIGHEST]
    return [("high", int(one)) for one in highest] + [("typical", int(one)) for one in typical]


def _scored(
    manifest: Manifest,
    comparison: Comparison,
    samples: Sequence[Sample],
    chosen: list[tuple[str, int]],
    bundle: Bundle,
) -> Iterator[Example]:
    threshold = manifest.rule.threshold if isinstance(manifest.rule, AnomalyRule) else None
    predictor = Predictor.load(bundle)
    try:
        for kind, index in chosen:
            sample, score = samples[index], float(comparison.scores[index])
            pixels = sample.pixels
            if pixels is None:
                continue
            small = reduced(pixels)
            heat_map = predictor.predict(pixels).heat_map
            if heat_map is not None and not np.isfinite(heat_map).all():
                heat_map = None
            yield Example(
                kind,
                _short(sample.name),
                _short(sample.label),
                plain(float(comparison.scores_float[index]), 4),
                plain(score, 4),
                verdict="" if threshold is None else "defect" if score >= threshold else "good",
                picture=as_address(small),
                overlay="" if heat_map is None else _heat(small, heat_map, threshold),
                hottest="" if heat_map is None else hottest(heat_map),
            )
    finally:
        predictor.close()


def _heat(pixels: npt.NDArray[np.uint8], heat_map: npt.NDArray[np.float32], threshold: float | None) -> str:
    from edge_contracts.station import Region  # noqa: PLC0415 - a station's whole configuration, for detectors alone

    return as_address(draw_heat(pixels, heat_map, Region(), threshold))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
