"""What the doctor found: plain values that travel into the card, the report and the terminal.

`Findings.as_document()` is what `card.details["doctor"]` holds and what `lepton convert --json` prints.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

HISTOGRAM_BINS = 32
"""Bins of a layer's histogram: enough for a picture as wide as a line of text."""

MOST_DB = 200.0
"""JSON has no infinity: an exact answer is told as 200 dB, one that is not finite as -200 dB."""

Cause = Literal["weights", "activations", "both", "none"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How a float activation's values lie over its own range.

    lowest, highest: real values of the first bin's left and the last bin's right edge.
    counts: `HISTOGRAM_BINS` counts of bins of equal width.
    """

    lowest: float
    highest: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator of the float graph, seen at its first output, float against shipped.

    name: of the output tensor, the operator's name everywhere. kind: TFLite's (`CONV_2D`).
    precision: what it computes in: `int8`, `int16` or `float32`.
    own_db: signal to noise of its output against itself in float, given the shipped graph's values to read: what it
        loses by itself.
    noise_db: signal to noise of its output in the shipped graph, with all that came before it.
    weights_db: the same where only weights and biases are rounded, each for itself, and activations stay float.
    weight_share: part of the noise's power that those weights explain, 0 to 1, before any remedy that fits them to what
        earlier operators did; activations explain the rest.
    weight_error_db: signal to noise of its own rounded weights; None without weights.
    saturated: share of float values that lie outside the stored range, 0 to 1.
    lowest, highest: extremes of the float values. stored_lowest, stored_highest, step: what its integers can say;
        None where it is float.
    sensitivity_db: dB that the model's output gains when this operator alone is given back to float; None where it
        was not asked for.
    """

    name: str
    kind: str
    precision: str
    own_db: float
    noise_db: float
    weights_db: float
    weight_share: float
    weight_error_db: float | None
    saturated: float
    lowest: float
    highest: float
    stored_lowest: float | None
    stored_highest: float | None
    step: float | None
    histogram: Histogram
    sensitivity_db: float | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One setting that the quantizer tried, judged by samples that it had not fitted weights to.

    name: of the setting. xnnpack_db, reference_db: signal to noise of the model's worst output with either arithmetic;
        with reference kernels only the shipped model ran.
    kept: whether it is in the shipped model.
    agreement: share of samples with float's most probable class; None where the output is no distribution.
    """

    name: str
    xnnpack_db: float
    reference_db: float | None
    kept: bool
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One mixed-precision model that was made and run.

    operators: names of the operators that stay float, in run order; none for the pure integer model.
    output_db: signal to noise of its worst output on the samples. agreement: share of samples with float's best class;
        None where the outputs are no classes.
    bytes: of its file. ms: median of one inference on this machine, one thread, all points taking turns; time_ratio:
        to the pure integer model's; both None where timing failed. estimated_ratio: the same from the graph alone (see
        `converters.doctor.cost`), which is what chooses.
    chosen: whether it is the shipped model.
    """

    operators: tuple[str, ...]
    output_db: float
    agreement: float | None
    bytes: int
    ms: float | None
    time_ratio: float | None
    estimated_ratio: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Islands:
    """The mixed-precision search.

    points: the pure integer model first, then those that nothing beats in dB, bytes and time at once.
    tried: models that were made and run. reason: why the chosen one, a sentence. seconds: what the search took.
    failures: what could not be made, run or timed and was passed over, a sentence each.
    """

    points: tuple[Point, ...]
    tried: int
    reason: str
    seconds: float
    failures: tuple[str, ...] = ()

    @property
    def kept_float(self) -> tuple[str, ...]:
        """The names of the operators that the chosen model computes in float."""
        return next((point.operators for point in self.points if point.chosen), ())


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything the doctor says of one model.

    samples: inputs behind the layers' figures. output_db: signal to noise of the integer model's worst output on them,
        before islands. cause: what rounding that noise comes from. sentences: for people, three at most.
    layers: of the integer model, in run order. tried: by the quantizer, in its order. islands: None without a search.
    seconds: what looking at the layers took.
    """

    samples: int
    output_db: float
    cause: Cause
    sentences: tuple[str, ...]
    layers: tuple[Layer, ...]
    tried: tuple[Tried, ...] = ()
    islands: Islands | None = None
    seconds: float = 0.0

    def as_document(self) -> dict[str, Any]:
        """The same as JSON's kinds: names as above, floats finite (see `MOST_DB`)."""
        document: dict[str, Any] = _plain(asdict(self))
        return document


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return math.copysign(MOST_DB, value) if isinstance(value, float) and math.isinf(value) else value
