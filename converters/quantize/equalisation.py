"""Making a network's channels alike before they must share one scale, without changing what it computes.

Where one multiply-accumulate operator feeds another, output channel c of the first may be divided by s_c if the
second's weights for it are multiplied by s_c: a RELU between them lets any positive factor pass (Nagel et al.,
"Data-free quantization through weight equalization and bias correction", ICCV 2019, section 4.1). A quiet channel so
uses as many steps of the shared scale as a loud one.

A RELU6 between two operators ends the pair: its 6 would have to move along. Letting quiet channels rise under it, as
far as calibration never saw them reach 6, was tried: MobileNetV1-0.25 then agreed with itself on 93 % of the pictures
that calibration had not seen, and won nothing in int8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.quantize.operator_rules import RULES, data_slots
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph, Operator

    Array = npt.NDArray[np.float64]

SMALLEST_FACTOR = 2.0**-8
"""No channel is raised further: beyond the 256 steps of a scale there is nothing to gain."""

_LETS_PASS = frozenset({"NONE", "RELU"})
_KEEPS_CHANNELS = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D", "PAD", "RELU", "LEAKY_RELU", "RESIZE_NEAREST_NEIGHBOR"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two multiply-accumulate operators, the second the only reader of the first, through operators that keep channels.

    between: the tensors from the first's output to the second's input, in order.
    """

    first: Operator
    second: Operator
    between: tuple[str, ...]


def equalise(prepared: Graph, feeds: Sequence[Feed], per_channel: Sequence[str]) -> Graph:
    """A graph that computes the same with channels alike wherever two operators form a pair; its constants are new.

    Args:
        prepared: the float graph.
        feeds: calibration feeds.
        per_channel: kinds whose weights get a scale per output channel.
    """
    pairs = find_pairs(prepared)
    loudness = _loudness(prepared, feeds, [pair.between[0] for pair in pairs])
    result = replace(prepared, tensors=dict(prepared.tensors), operators=list(prepared.operators))
    for pair in pairs:
        _scale(result, pair, _factors(result, pair, loudness[pair.between[0]], per_channel))
    return result


def find_pairs(graph: Graph) -> list[Pair]:
    """Every pair of a graph, in run order."""
    readers: dict[str, list[Operator]] = {}
    for operator in graph.operators:
        for name in operator.inputs:
            readers.setdefault(str(name), []).append(operator)
    found = (_pair(graph, operator, readers) for operator in graph.operators)
    return [pair for pair in found if pair is not None]


def _pair(graph: Graph, first: Operator, readers: Mapping[str, list[Operator]]) -> Pair | None:
    if not _owns_its_weights(graph, first, readers):
        return None
    between, last = [first.outputs[0]], first
    while _lets_pass(last):
        after = readers.get(between[-1], [])
        if len(after) != 1 or between[-1] in graph.outputs:
            return None
        last = after[0]
        if _owns_its_weights(graph, last, readers) and _reads(last) == between[-1]:
            return Pair(first, last, tuple(between)) if _fits(graph, first, last) else None
        if last.kind not in _KEEPS_CHANNELS:
            return None
        between.append(last.outputs[0])
    return None


def _lets_pass(operator: Operator) -> bool:
    return operator.options.get("fused_activation_function", "NONE") in _LETS_PASS


def _owns_its_weights(graph: Graph, operator: Operator, readers: Mapping[str, list[Operator]]) -> bool:
    rule = RULES.get(operator.kind)
    if rule is None or rule.weights is None or graph.tensors[operator.outputs[0]].dtype != np.dtype("f4"):
        return False
    constants = [
        name for slot, name in enumerate(operator.inputs) if slot >= rule.weights.slot and slot != _slot(operator)
    ]
    return all(name is None or (graph.tensors[name].data is not None and len(readers[name]) == 1) for name in constants)


def _slot(operator: Operator) -> int:
    return data_slots(RULES[operator.kind], len(operator.inputs))[0]


def _reads(operator: Operator) -> str | None:
    return operator.inputs[_slot(operator)]


def _weights(graph: Graph, operator: Operator) -> npt.NDArray[Any]:
    places = RULES[operator.kind].weights
    data = None if places is None else graph.tensors[str(operator.inputs[places.slot])].data
    return np.zeros(0) if data is None else data


def _fits(graph: Graph, first: Operator, second: Operator) -> bool:
    """Whether the second's inputs are the first's channels: a grouped convolution or a flattened picture is not."""
    channels = graph.tensors[first.outputs[0]].shape[-1]
    weights = _weights(graph, second)
    if second.kind == "DEPTHWISE_CONV_2D":
        return bool(weights.shape[3] % channels == 0)
    return bool(weights.shape[-1] == channels)


def _loudness(graph: Graph, feeds: Sequence[Feed], names: list[str]) -> dict[str, Array]:
    """The largest magnitude of each channel of some tensors."""
    loudest = {name: np.zeros(graph.tensors[name].shape[-1]) for name in names}
    if names:
        session = Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)
        for feed in feeds:
            session.run(feed)
            for name in names:
                value = np.abs(session.value(name)).reshape(-1, loudest[name].size)
                loudest[name] = np.maximum(loudest[name], value.max(axis=0))
    return loudest


def _factors(graph: Graph, pair: Pair, loudness: Array, per_channel: Sequence[str]) -> Array:
    """What each channel is divided by, at most 1.

    With a scale per channel, a depthwise second operator does not mind how large its weights become: every channel is
    raised to the loudest. Otherwise both sides meet halfway, as in the paper's equation 11; a first operator with a
    scale per channel counts by its activations, one without by its weights.
    """
    own = loudness if pair.first.kind in per_channel else _spread(graph, pair.first)
    is_free = pair.second.kind == "DEPTHWISE_CONV_2D" and pair.second.kind in per_channel
    demand = np.ones_like(own) if is_free else _demand(graph, pair.second, own.size)
    known = (own > 0) & (demand > 0) & (loudness > 0)
    if not known.any():
        return np.ones_like(own)
    wanted = np.where(known, own, 1.0) / np.where(known, demand, 1.0)
    factors = wanted if is_free else np.sqrt(wanted)
    return np.where(known, np.clip(factors / factors[known].max(), SMALLEST_FACTOR, 1.0), 1.0)


def _spread(graph: Graph, operator: Operator) -> Array:
    """The largest weight of each output channel."""
    places = RULES[operator.kind].weights
    axis = 0 if places is None else places.channel_axis
    weights = np.abs(np.moveaxis(_weights(graph, operator), axis, 0))
    return np.asarray(weights.reshape(weights.shape[0], -1).max(axis=1), np.float64)


def _demand(graph: Graph, operator: Operator, channels: int) -> Array:
    """The largest weight for each input channel, as a share of its output channel's largest."""
    weights = np.abs(_weights(graph, operator)).astype(np.float64)
    if operator.kind == "DEPTHWISE_CONV_2D":
        return np.asarray(weights.reshape(-1, channels, weights.shape[3] // channels).max(axis=(0, 2)))
    largest = weights.reshape(weights.shape[0], -1).max(axis=1).reshape(-1, *[1] * (weights.ndim - 1))
    shares = weights / np.where(largest > 0, largest, 1.0)
    return np.asarray(shares.reshape(-1, channels).max(axis=0))


def _scale(graph: Graph, pair: Pair, factors: Array) -> None:
    places = RULES[pair.first.kind].weights
    if places is None:
        return
    along = [1] * _weights(graph, pair.first).ndim
    along[places.channel_axis] = -1
    _multiply(graph, pair.first.inputs[places.slot], 1 / factors.reshape(along))
    if len(pair.first.inputs) > places.bias_slot:
        _multiply(graph, pair.first.inputs[places.bias_slot], 1 / factors)
    second, slots = _weights(graph, pair.second), RULES[pair.second.kind].weights
    is_depthwise = pair.second.kind == "DEPTHWISE_CONV_2D"
    reading = np.repeat(factors, second.shape[3] // factors.size) if is_depthwise else factors
    _multiply(graph, None if slots is None else pair.second.inputs[slots.slot], reading)


def _multiply(graph: Graph, name: str | None, by: Array) -> None:
    tensor = None if name is None else graph.tensors[name]
    if tensor is not None and tensor.data is not None:
        graph.tensors[tensor.name] = replace(tensor, data=(tensor.data * by).astype(tensor.dtype))
