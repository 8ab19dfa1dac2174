"""What the quantisation doctor found, as the page shows it: noise by layer, the worst ones' histograms, what was tried.

It reads `card.details["doctor"]`, which is `converters.doctor.Findings.as_document()`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.operator_name import short_name, with_short_names
from converters.report.chart import SIDE_PX, Bar, Tick
from converters.report.quantity import GAP, percent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORST = 4
MOST_DRAWN_DB = 80.0
"""Above this nothing is heard of the noise; an exact layer is drawn here."""

EXACT_DB = 200.0
TICK_DB = 10
HEIGHT_PX = 72
"""Of a worst layer's histogram."""

COUNTED = 3
"""A bin with any value at all is drawn this high: rare values decide a range."""


@dataclass(frozen=True, slots=True)
class LayerDot:
    """One operator: where it stands in run order, what it loses by itself, and what has come together so far.

    rank: 1 for the worst, 0 for those that are not among the worst.
    """

    x_px: float
    own_px: float
    noise_px: float
    is_float: bool
    rank: int


@dataclass(frozen=True, slots=True)
class WorstLayer:
    """One of the worst operators.

    bars: its float values' histogram, `SIDE_PX` × `HEIGHT_PX`. held_px: the stretch that its integers can say, from the
    left; None where it is float. facts: what is known of it, a phrase each.
    """

    rank: int
    name: str
    kind: str
    own: str
    facts: tuple[str, ...]
    bars: tuple[Bar, ...]
    held_px: tuple[float, float] | None
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried: signal to noise with either arithmetic, agreement with float's classes or nothing."""

    name: str
    xnnpack: str
    reference: str
    kept: bool
    agreement: str


@dataclass(frozen=True, slots=True)
class Layers:
    """The section: `sentences` are the doctor's own, `heading` says how the worst are ranked."""

    sentences: tuple[str, ...]
    dots: tuple[LayerDot, ...]
    ticks: tuple[Tick, ...]
    worst: tuple[WorstLayer, ...]
    trials: tuple[Trial, ...]
    samples: int
    text: str
    heading: str


def layers(document: Mapping[str, Any] | None) -> Layers | None:
    """Lay the findings out; None where the doctor was not asked, or saw no layer."""
    if not document or not document["layers"]:
        return None
    seen = document["layers"]
    searched = any(layer["sensitivity_db"] is not None for layer in seen)
    worst = _costliest(seen) if searched else _noisiest(seen)
    ranks = {layer["name"]: rank for rank, layer in enumerate(worst, 1)}
    top = _top([min(db, MOST_DRAWN_DB) for layer in seen for db in (layer["own_db"], layer["noise_db"])])
    return Layers(
        tuple(as_sentence(text) for text in document["sentences"] if text != _reason(document)),
        tuple(_dot(layer, place, len(seen), top, ranks.get(layer["name"], 0)) for place, layer in enumerate(seen)),
        tuple(Tick(round(SIDE_PX * db / top, 1), str(db)) for db in range(0, int(top) + 1, TICK_DB)),
        tuple(_worst(layer, rank) for rank, layer in enumerate(worst, 1)),
        tuple(_trial(trial) for trial in document["tried"]),
        document["samples"],
        _text(seen, worst),
        "The operators that give most back in float" if searched else "The operators that lose most by themselves",
    )


def as_sentence(text: str) -> str:
    """A phrase of the card as a sentence of the page, names shortened."""
    text = with_short_names(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!")) else ".")


def decibels(db: float) -> str:
    """Signal to noise with one decimal; JSON has no infinity, so 200 dB means exact and -200 dB not a number."""
    if abs(db) >= EXACT_DB:
        return "exact" if db > 0 else "not finite"
    return f"{db:.1f}{GAP}dB".replace("-", "−")


def _noisiest(seen: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    integer = [layer for layer in seen if layer["precision"] != "float32" and layer["own_db"] < MOST_DRAWN_DB]
    return sorted(integer, key=lambda layer: layer["own_db"])[:WORST]


def _costliest(seen: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    gaining = [layer for layer in seen if (layer["sensitivity_db"] or 0.0) > 0]
    return sorted(gaining, key=lambda layer: -layer["sensitivity_db"])[:WORST]


def _reason(document: Mapping[str, Any]) -> str:
    """The search's own sentence, which its section tells."""
    return str(document["islands"]["reason"]) if document["islands"] else ""


def _top(values: Sequence[float]) -> float:
    return max(TICK_DB * math.ceil(max(values) / TICK_DB), 4 * TICK_DB)


def _dot(layer: Mapping[str, Any], place: int, count: int, top: float, rank: int) -> LayerDot:
    own, noise = (round(SIDE_PX * min(max(db, 0.0), top) / top, 1) for db in (layer["own_db"], layer["noise_db"]))
    return LayerDot(round(SIDE_PX * (place + 0.5) / count, 1), own, noise, layer["precision"] == "float32", rank)


def _worst(layer: Mapping[str, Any], rank: int) -> WorstLayer:
    histogram = layer["histogram"]
    low, high = histogram["lowest"], histogram["highest"]
    held = None
    if layer["stored_lowest"] is not None and high > low:
        edges = [(layer[name] - low) / (high - low) for name in ("stored_lowest", "stored_highest")]
        start, end = (round(SIDE_PX * min(max(edge, 0.0), 1.0), 1) for edge in edges)
        held = (start, end)
    bars = _bars(histogram["counts"])
    own = decibels(layer["own_db"])
    return WorstLayer(
        rank, short_name(layer["name"]), layer["kind"], own, _facts(layer), bars, held, plain(low), plain(high)
    )


def _facts(layer: Mapping[str, Any]) -> tuple[str, ...]:
    facts = [f"{decibels(layer['noise_db'])} with all that comes before"]
    facts.append(f"{percent(layer['weight_share'])} of that from weights")
    if layer["weight_error_db"] is not None:
        facts.append(f"its own weights {decibels(layer['weight_error_db'])}")
    if layer["step"] is not None:
        facts.append(f"one step is {plain(layer['step'])}")
    if layer["saturated"] > 0:
        facts.append(f"{plain(100 * layer['saturated'], 2)}{GAP}% of its values are clipped")
    if layer["sensitivity_db"] is not None:
        facts.append(f"in float the model gains {decibels(layer['sensitivity_db'])}")
    return tuple(facts)


def _bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    """Bins as bars, their heights as square roots: a distribution with a long tail keeps its tail visible."""
    most, width = math.sqrt(max(counts, default=0) or 1), SIDE_PX / max(len(counts), 1)
    return tuple(
        Bar(
            round(place * width, 1),
            round(width - 1, 1),
            round(max(COUNTED, HEIGHT_PX * math.sqrt(count) / most), 1),
            count,
        )
        for place, count in enumerate(counts)
        if count
    )


def _trial(trial: Mapping[str, Any]) -> Trial:
    agreement = trial.get("agreement")
    return Trial(
        trial["name"],
        decibels(trial["xnnpack_db"]),
        "" if trial["reference_db"] is None else decibels(trial["reference_db"]),
        trial["kept"],
        "" if agreement is None else percent(agreement),
    )


def _text(seen: Sequence[Mapping[str, Any]], worst: Sequence[Mapping[str, Any]]) -> str:
    """The chart in words."""
    told = ", ".join(f"{short_name(layer['name'])} {decibels(layer['own_db'])}" for layer in worst)
    return f"{len(seen)} operators in run order. {'The worst: ' + told if told else 'None loses much'}."
