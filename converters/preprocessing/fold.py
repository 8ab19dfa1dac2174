"""Mean, deviation and colour order folded into the first layer, so that a camera's bytes are fed without arithmetic.

The folded model's input stands for (byte − zero) / 255: int8 with scale 1/255, in which byte p is stored as p − 128,
one exclusive-or. Between the edges that is exact: weights × (gain × p + offset) is (weights × gain × 255) × (p / 255)
plus a constant that belongs to the bias.

Padding is the trap: a layer pads with 0, which is the byte −offset / gain of each channel, and no camera byte need be
that. Where all channels have one whole byte for it, it becomes the input's zero point and the fold is exact. Where they
round to one byte, that one is taken. Otherwise a frame of constant bytes, rounded per channel, is put around the
picture. Rounding moves the outermost pixels of the first layer by at most half a byte per tap; how much the model's
answers move is measured on real inputs, and beyond `MOST_DEVIATION` nothing is folded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from converters.execute import Kernels, run_all
from converters.graph import Graph, Operator, Tensor
from converters.preprocessing.first_layer import find_first_layer
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.preprocessing.first_layer import FirstLayer
    from edge_contracts.manifest import ImageInput

    Values = npt.NDArray[np.float32]

FULL_BYTE = 255.0

MOST_DEVIATION = 0.02
"""Of the largest answer; int8 itself moves answers by more."""

PROBES = 4
"""Inputs on which the folded model is compared with the model as it was."""

_WHOLE = 1e-4
"""How near to a whole byte a zero must be to be one: the weights move by less than float32 resolves."""

Border = Literal["none", "exact", "rounded", "frame"]


@dataclass(frozen=True, slots=True)
class Fold:
    """A model that takes camera bytes, or the model as it was.

    graph, spec: the model, and how it is fed.
    border: what was done where the first layer pads: nothing to do, exact, one rounded byte, a frame of rounded bytes;
        None where nothing was folded.
    deviation: the largest difference of its answers from the model's as it was, as a share of the largest answer.
    sentence: for the card; empty where bytes went in without arithmetic before.
    """

    graph: Graph
    spec: ImageInput
    border: Border | None = None
    deviation: float = 0.0
    sentence: str = ""

    def values(self, given: Values, fed: ImageInput) -> Values:
        """An input of the model as it was, a picture fed by `fed`, as one of this model: same shape, float32."""
        if self.border is None:
            return given
        mean, std = (np.broadcast_to(np.asarray(v, np.float64), (fed.channels,)) for v in (fed.mean, fed.std))
        pixels = np.rint(given * std + mean)
        if fed.colour != self.spec.colour:
            pixels = pixels[..., ::-1]
        return np.ascontiguousarray((pixels - self.spec.mean[0]) / FULL_BYTE, np.float32)


def fold_preprocessing(graph: Graph, spec: ImageInput, inputs: Sequence[Values]) -> Fold:
    """Fold where it helps and where its error stays small.

    Args:
        graph: a prepared float graph with one input, channels last; it is not changed.
        spec: how that input is fed: float32, mean and deviation per channel.
        inputs: pictures as the model takes them, to measure the deviation on.
    """
    if spec.dtype != "float32" or spec.layout != "NHWC":
        return Fold(graph, spec)
    layer = find_first_layer(graph, spec)
    if isinstance(layer, str):
        return _unfolded(graph, spec, "" if _takes_bytes(spec) else layer)
    if _takes_bytes(spec) and not any(operator.kind != "PAD" for operator in layer.before):
        return Fold(graph, spec)
    return _measured(graph, spec, _folded(graph, spec, layer), inputs)


def _takes_bytes(spec: ImageInput) -> bool:
    """Whether int8 can stand for its values with every byte p stored as p − 128."""
    is_whole = len(set(spec.mean)) == 1 and spec.mean[0] == round(spec.mean[0]) and 0 <= spec.mean[0] <= FULL_BYTE
    return is_whole and len(set(spec.std)) == 1 and spec.colour != "bgr"


def _folded(graph: Graph, spec: ImageInput, layer: FirstLayer) -> Fold | None:
    zeros = layer.affine.zero_bytes
    whole = np.rint(zeros)
    if layer.is_padded and (whole.min() < 0 or whole.max() > FULL_BYTE):
        return None
    # Any zero will do where the layer itself pads nothing; the middle one keeps its inputs as small as they were.
    zero = float(np.clip(np.rint(zeros.mean()), 0, FULL_BYTE))
    if not layer.is_padded:
        border = "none"
    elif len(set(whole)) > 1:
        border = "frame"
    else:
        border, zero = ("exact" if np.abs(zeros - whole).max() <= _WHOLE else "rounded"), float(whole[0])
    writing = _Writing(graph, spec, layer, zero)
    return Fold(writing.folded(frame=border == "frame"), writing.spec, border)  # type: ignore[arg-type]


@dataclass(slots=True)
class _Writing:
    """One folded graph; the old one stays as it is."""

    old: Graph
    old_spec: ImageInput
    layer: FirstLayer
    zero: float

    @property
    def turns(self) -> bool:
        """Whether RGB bytes become the BGR that the layer wants by turning its weights round."""
        return self.old_spec.colour == "bgr" and self.layer.weighted.kind == "CONV_2D"

    @property
    def spec(self) -> ImageInput:
        colour = "rgb" if self.turns else self.old_spec.colour
        return self.old_spec.model_copy(update={"mean": (self.zero,), "std": (FULL_BYTE,), "colour": colour})

    def folded(self, *, frame: bool) -> Graph:
        graph = Graph(dict(self.old.tensors), [], list(self.old.inputs), list(self.old.outputs), self.old.name)
        for operator in self.old.operators:
            if operator is self.layer.weighted:
                graph.operators.extend(self._first(graph, frame=frame))
            elif not any(operator is gone for gone in self.layer.before):
                graph.operators.append(operator)
        used = {name for operator in graph.operators for name in (*operator.inputs, *operator.outputs)}
        graph.tensors = {n: t for n, t in graph.tensors.items() if n in used or n in graph.inputs}
        return graph

    def _first(self, graph: Graph, *, frame: bool) -> list[Operator]:
        before: list[Operator] = []
        taken = self.old.inputs[0]
        options = self.layer.weighted.options
        pad = next((operator for operator in self.layer.before if operator.kind == "PAD"), None)
        if frame:
            before = self._frame(graph, taken)
            taken, options = before[-1].outputs[0], {**options, "padding": "VALID"}
        elif pad is not None:
            # Its zeros are the input's own zero point.
            before = [replace(pad, inputs=[taken, *pad.inputs[1:]])]
            taken = pad.outputs[0]
        weights, bias = self._constants(graph)
        return [*before, replace(self.layer.weighted, inputs=[taken, weights, bias], options=options)]

    def _constants(self, graph: Graph) -> tuple[str, str]:
        weighted, affine = self.layer.weighted, self.layer.affine
        old = _constant(graph, str(weighted.inputs[1])).astype(np.float64)
        depthwise = weighted.kind == "DEPTHWISE_CONV_2D"
        gain, zero_value = affine.gain * FULL_BYTE, affine.gain * self.zero + affine.offset
        if depthwise:
            # 1×h×w×(channels × multiplier): the outputs of a channel lie side by side.
            repeats = old.shape[3] // gain.size
            gain, zero_value = np.repeat(gain, repeats), np.repeat(zero_value, repeats)
        shift = (old * zero_value).sum(axis=(0, 1, 2) if depthwise else (1, 2, 3))
        name = weighted.inputs[2] if len(weighted.inputs) > 2 else None  # noqa: PLR2004 - weights, then bias
        bias = shift if name is None else _constant(graph, name) + shift
        weights = old * gain
        weights = weights[..., ::-1] if self.turns else weights
        return self._add(graph, "weights", weights), self._add(graph, "bias", bias)

    def _frame(self, graph: Graph, taken: str) -> list[Operator]:
        """Two concatenations that put each channel's own byte where the layer would put zeros."""
        _, height, width, channels = graph.tensors[taken].shape
        (top, bottom), (left, right) = self.layer.pads
        color = (np.rint(self.layer.affine.zero_bytes) - self.zero) / FULL_BYTE
        color = color[::-1] if self.turns else color
        full = left + width + right
        made = []
        for axis, (low, high), shapes in (
            (2, (left, right), [(1, height, left, channels), (1, height, right, channels)]),
            (1, (top, bottom), [(1, top, full, channels), (1, bottom, full, channels)]),
        ):
            if not low + high:
                continue
            strips = [
                self._add(graph, f"frame_{axis}", np.broadcast_to(color, shape)) if shape[axis] else None
                for shape in shapes
            ]
            shape = (1, height, full, channels) if axis == 2 else (1, top + height + bottom, full, channels)  # noqa: PLR2004
            name = _free(graph, f"{self.old.inputs[0]}/framed_{axis}")
            graph.tensors[name] = Tensor(name, shape, np.dtype("f4"))
            parts = [part for part in (strips[0], taken, strips[1]) if part is not None]
            made.append(
                Operator("CONCATENATION", list(parts), [name], {"axis": axis, "fused_activation_function": "NONE"})
            )
            taken = name
        return made

    def _add(self, graph: Graph, stem: str, values: npt.NDArray[Any]) -> str:
        name = _free(graph, f"{self.layer.weighted.outputs[0]}/{stem}")
        data = np.ascontiguousarray(values, np.float32)
        graph.tensors[name] = Tensor(name, data.shape, data.dtype, data)
        return name


def _measured(graph: Graph, spec: ImageInput, fold: Fold | None, inputs: Sequence[Values]) -> Fold:
    if fold is None:
        return _unfolded(graph, spec, "its first layer pads with a value that no byte stands for")
    probes = inputs[:: max(1, len(inputs) // PROBES)][:PROBES]
    was = run_all(write_tflite(graph), [{graph.inputs[0]: x} for x in probes], Kernels.XNNPACK)
    now = run_all(write_tflite(fold.graph), [{graph.inputs[0]: fold.values(x, spec)} for x in probes], Kernels.XNNPACK)
    deviation = _deviation(was, now)
    if not deviation <= MOST_DEVIATION:
        return _unfolded(
            graph, spec, f"where its first layer pads, answers would move by {deviation:.2g} of the largest"
        )
    return replace(fold, deviation=deviation, sentence=_sentence(fold, deviation))


def _unfolded(graph: Graph, spec: ImageInput, why: str) -> Fold:
    """The model as it was, and why; one scale for bytes around a mean between two of them rounds each."""
    if not why:
        return Fold(graph, spec)
    mean = spec.mean[0] if len({*spec.mean}) == len({*spec.std}) == 1 else 0.0
    off = abs(mean - round(mean)) if 0 <= mean <= FULL_BYTE else 0.0
    between = f"; its mean {mean:g} lies between two bytes, so int8 holds each up to {off:.2g} of a byte off"
    return Fold(graph, spec, sentence=f"preprocessing is not folded: {why}{between if off else ''}")


def _deviation(was: Sequence[Sequence[npt.NDArray[Any]]], now: Sequence[Sequence[npt.NDArray[Any]]]) -> float:
    """The largest difference, as a share of the output's largest value, over all outputs."""
    shares = [0.0]
    for place in range(len(was[0]) if was else 0):
        wanted = np.stack([answers[place] for answers in was])
        found = np.stack([answers[place] for answers in now])
        largest = float(np.abs(wanted).max(initial=0)) or 1.0
        shares.append(float(np.abs(found - wanted).max(initial=0)) / largest)
    return max(shares) if np.isfinite(shares).all() else np.inf


def _sentence(fold: Fold, deviation: float) -> str:
    borders = {
        "none": "exact, for its first layer pads nothing",
        "exact": "exact, padding included",
        "rounded": "exact inside; padding is rounded to one byte",
        "frame": "exact inside; padding is a frame of bytes, rounded per channel",
        None: "",
    }
    return (
        f"camera bytes go in without arithmetic, preprocessing is in the first layer: {borders[fold.border]}; answers "
        f"moved by at most {deviation:.2g} of the largest"
    )


def _constant(graph: Graph, name: str) -> npt.NDArray[Any]:
    data = graph.tensors[name].data
    return np.zeros(()) if data is None else data


def _free(graph: Graph, stem: str) -> str:
    name, copy = stem, 1
    while name in graph.tensors:
        name, copy = f"{stem}_{copy}", copy + 1
    return name
