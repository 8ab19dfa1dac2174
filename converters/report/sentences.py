"""What the page says in words: the verdict, what the model is, how its input is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.report.heard_sentences import heard_preparation, heard_takes
from converters.report.quantity import plain, shape
from edge_contracts.manifest import AnomalyRule
from edge_contracts.rule_words import rule_in_words

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.card import Card
    from edge_contracts.manifest import ImageInput, Manifest, ModelInput, Output, TensorQuantisation

RESIZES = {
    "nearest": "taking the nearest pixel",
    "bilinear": "bilinear interpolation, two samples per axis",
    "area": "area averaging",
    "bilinear-antialias": "antialiased bilinear interpolation",
}
COLOURS = {"rgb": "in the order red, green, blue", "bgr": "in the order blue, green, red", "grey": "as grey levels"}
TASKS = {
    "anomaly": "Finds defects as departures from good parts.",
    "classification": "Names one of {labels} classes.",
    "detection": "Finds things of {labels} kinds.",
    "segmentation": "Names one of {labels} classes for each place of the picture.",
    "reconstruction": "Measures how badly an input is reconstructed.",
    "raw": "Measures and does not judge.",
}
HEIGHTS = ("upper", "middle", "lower")
SIDES = ("left", "middle", "right")
EXACT = 1e-5


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer.

    state: the gate's own word, for the colour and mark; word, sentence: for people; reasons: the limits crossed.
    """

    state: str
    word: str
    sentence: str
    reasons: tuple[str, ...]


def verdict(card: Card) -> Verdict:
    """The headline."""
    gate = card.gate
    if gate is None:
        return Verdict("none", "Not judged", "The gate did not run.", ())
    inputs = f"Compared on {gate.samples} input{'' if gate.samples == 1 else 's'}: {card.calibration}."
    word, sentence = {
        "passed": ("Passed", f"The converted model stays within the limits set for {card.profile}. {inputs}"),
        "refused": ("Refused", f"The converted model loses more than {card.profile} allows. {inputs}"),
        "forced": (
            "Refused, packed by force",
            f"The converted model loses more than {card.profile} allows, and was packed on the user's word. {inputs}",
        ),
        "reported": (
            "Reported, not judged",
            "Random inputs tell of size and speed. They tell nothing of accuracy, so the gate did not judge.",
        ),
    }[gate.verdict]
    return Verdict(gate.verdict, word, sentence, gate.reasons)


def task(manifest: Manifest) -> str:
    """What the model does."""
    return TASKS[manifest.task].format(labels=len(manifest.labels))


def rule(manifest: Manifest) -> str:
    """When a part is good."""
    if isinstance(manifest.rule, AnomalyRule):
        return f"defect from a score of {plain(manifest.rule.threshold)} on"
    return rule_in_words(manifest)


def takes(spec: ModelInput) -> str:
    """The input in a few words."""
    if spec.kind == "image":
        return f"picture, {spec.width_px} × {spec.height_px} px, {spec.colour}, {spec.dtype}"
    if spec.kind == "tensor":
        return f"numbers, {shape(spec.shape)}, {spec.dtype}"
    return heard_takes(spec)


def gives(outputs: tuple[Output, ...]) -> str:
    """The outputs in a few words."""
    return "; ".join(f"{output.role}, {shape(output.shape)}, {output.dtype}" for output in outputs)


def preparation(spec: ModelInput) -> str:
    """How a camera's frame, or a window of numbers, becomes the input tensor."""
    if spec.kind == "tensor":
        return (
            f"The input is a tensor of {shape(spec.shape)} numbers. A number x is given in its real unit"
            f"{_stored(spec.quantisation, spec.dtype)}."
        )
    if spec.kind != "image":
        return f"{heard_preparation(spec)}{_stored(spec.quantisation, spec.dtype)}."
    return (
        f"Each picture is stretched to {spec.width_px} × {spec.height_px} px by {RESIZES[spec.resize]}, "
        f"{COLOURS[spec.colour]}, laid out as {spec.layout}; a byte p becomes x = {_byte(spec)}"
        f"{_stored(spec.quantisation, spec.dtype)}{_shortcut(spec)}."
    )


def hottest(heat_map: npt.NDArray[np.float32]) -> str:
    """Where in the picture the heat map is hottest: `upper left`, `centre`."""
    row, column = np.unravel_index(int(np.argmax(heat_map)), heat_map.shape)
    height = HEIGHTS[3 * int(row) // heat_map.shape[0]]
    side = SIDES[3 * int(column) // heat_map.shape[1]]
    return "centre" if height == side else f"{height} {side}"


def _byte(spec: ImageInput) -> str:
    mean, std = _values(spec.mean), _values(spec.std)
    above = "p" if mean == "0" else f"(p − {mean})" if not mean.startswith("−") else f"(p + {mean[1:]})"
    return above if std == "1" else f"{above} / {std}"


def _values(values: tuple[float, ...]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:.6g}".replace("-", "−")
    return "(" + ", ".join(f"{value:.6g}" for value in values) + ")"


def _stored(quantisation: TensorQuantisation | None, dtype: str) -> str:
    if quantisation is None:
        return f", and is stored as {dtype}"
    zero = quantisation.zero_point
    return f", and is stored as {dtype}: round(x / {quantisation.scale:.6g}) {'−' if zero < 0 else '+'} {abs(zero)}"


def _shortcut(spec: ImageInput) -> str:
    """Says so where all of this adds up to a shifted byte."""
    if spec.quantisation is None or len(set(spec.mean)) != 1 or len(set(spec.std)) != 1:
        return ""
    gain = 1 / (spec.std[0] * spec.quantisation.scale)
    offset = spec.quantisation.zero_point - spec.mean[0] * gain
    if abs(gain - 1) > EXACT or abs(offset - round(offset)) > EXACT * abs(offset):
        return ""
    shifted = "p" if round(offset) == 0 else f"p {'−' if offset < 0 else '+'} {abs(round(offset))}"
    return f", which is {shifted}: the camera's bytes go in unscaled"
