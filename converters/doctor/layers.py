"""What each operator of a shipped model loses, and whether its weights or its activations lose it.

Graphs run side by side over a few samples with every tensor kept: the float graph, the shipped graph with a float twin
of each operator, and, to part the causes, the plain graph and the float graph with the plain graph's weights. Plain is
the integer graph before remedies that fit weights to what earlier operators did: such weights make up for activations,
and look bad where those are float. Signal to noise is 10 log10 of the power of the float values over the difference's.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.doctor.findings import HISTOGRAM_BINS, Histogram, Layer
from converters.doctor.pair import TINY, decibels
from converters.doctor.twin import real_name, rounded_constants, twin_name, with_rounded_weights, with_twins
from converters.execute import Kernels, Session
from converters.quantize.affine import Affine
from converters.quantize.histogram import GrowingHistogram
from converters.quantize.operator_rules import RULES
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from converters.doctor.pair import Pair
    from converters.execute import Feed
    from converters.graph import Graph, Operator

    Array = npt.NDArray[np.float64]

LANES = 2
"""Graphs that run at a time, each on one thread."""

VALUES_PER_SAMPLE = 16384
"""At most about so many values of a tensor and sample are compared: enough for a tenth of a decibel."""


def examine_layers(
    pair: Pair, feeds: Sequence[Feed], plain: Pair | None = None, progress: Callable[[float], None] = lambda _: None
) -> tuple[Layer, ...]:
    """One `Layer` per operator that computes in float in the original, in run order.

    Args:
        pair: the float graph and the shipped graph.
        feeds: real inputs of the float graph; 16 tell enough.
        plain: the float graph and the plain graph; None where that is the shipped one.
        progress: told the fraction done, 0 to 1.
    """
    running = _Running(pair, plain or pair)
    sums = {operator.outputs[0]: _Sums() for operator in pair.operators}
    with ThreadPoolExecutor(LANES, "lepton-examine") as pool:
        for place, feed in enumerate(feeds):
            running.run(feed, pool)
            for name, total in sums.items():
                total.add(*(_thin(value) for value in running.values(name)))
                total.add_saturated(_thin(running.original.value(name)), _stored_range(pair, name))
            progress((place + 1) / len(feeds))
    return tuple(_layer(pair, operator, sums[operator.outputs[0]]) for operator in pair.operators)


@dataclass(slots=True)
class _Running:
    """The graphs, loaded. has_twin: names of the operators that have one."""

    pair: Pair
    plain: Pair
    original: Session = field(init=False)
    rounded: Session = field(init=False)
    shipped: Session = field(init=False)
    unhelped: Session = field(init=False)
    has_twin: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        twins = with_twins(self.pair)
        self.has_twin = frozenset(
            op.outputs[0] for op in self.pair.operators if twin_name(op.outputs[0]) in twins.tensors
        )
        self.original, self.shipped = _kept(self.pair.original), _kept(twins)
        self.rounded = _kept(with_rounded_weights(self.plain))
        self.unhelped = self.shipped if self.plain is self.pair else _kept(self.plain.shipped)

    def run(self, feed: Feed, pool: Executor) -> None:
        stored = self.pair.feed(feed)
        jobs = [pool.submit(self.original.run, feed), pool.submit(self.rounded.run, feed)]
        jobs.append(pool.submit(self.shipped.run, stored))
        if self.unhelped is not self.shipped:
            jobs.append(pool.submit(self.unhelped.run, self.plain.feed(feed)))
        for job in jobs:
            job.result()

    def values(self, name: str) -> tuple[npt.NDArray[Any], ...]:
        """What the last run gave for one activation, in float: the fields of `_Sums.add`."""
        held = self.shipped.value(name if self.pair.is_float(name) else real_name(name))
        is_same = self.unhelped is self.shipped
        unhelped = held if is_same else self.plain.real(name, self.unhelped.value(name))
        twin = self.shipped.value(twin_name(name)) if name in self.has_twin else held
        return self.original.value(name), self.rounded.value(name), unhelped, held, twin


def _kept(graph: Graph) -> Session:
    return Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)


@dataclass(slots=True)
class _Sums:
    """Powers and counts of one activation over samples.

    signal: of the float values. weights: of what rounded weights alone change. unhelped: of what the plain graph
        differs by. noise: of what the shipped graph differs by.
    twin: of the twin's values. own: of what the shipped operator differs from its twin.
    """

    signal: float = 0.0
    weights: float = 0.0
    unhelped: float = 0.0
    noise: float = 0.0
    twin: float = 0.0
    own: float = 0.0
    values: int = 0
    outside: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    histogram: GrowingHistogram = field(default_factory=GrowingHistogram)

    def add(self, real: Array, rounded: Array, unhelped: Array, held: Array, twin: Array) -> None:
        self.signal += _power(real)
        self.weights += _power(real - rounded)
        self.unhelped += _power(real - unhelped)
        self.noise += _power(real - held)
        self.twin += _power(twin)
        self.own += _power(twin - held)
        self.lowest = float(real.min(initial=self.lowest))
        self.highest = float(real.max(initial=self.highest))
        self.histogram.add(real[np.isfinite(real)])

    def add_saturated(self, real: Array, held: tuple[float, float] | None) -> None:
        self.values += real.size
        if held is not None:
            self.outside += int(np.count_nonzero((real < held[0]) | (real > held[1])))


def _layer(pair: Pair, operator: Operator, sums: _Sums) -> Layer:
    name = operator.outputs[0]
    stored = pair.shipped.tensors[name]
    scale = None if stored.quantization is None else Affine.of(stored.quantization)
    held = _integer_range(pair, name)
    lowest, highest = (sums.lowest, sums.highest) if sums.values else (0.0, 0.0)
    counts = sums.histogram.counts(HISTOGRAM_BINS, lowest, highest)
    return Layer(
        name=name,
        kind=operator.kind,
        precision=str(stored.dtype),
        own_db=decibels(sums.twin, sums.own),
        noise_db=decibels(sums.signal, sums.noise),
        weights_db=decibels(sums.signal, sums.weights),
        weight_share=float(np.clip(sums.weights / max(sums.unhelped, TINY), 0.0, 1.0)),
        weight_error_db=_weight_error_db(pair, operator),
        saturated=sums.outside / max(sums.values, 1),
        lowest=lowest,
        highest=highest,
        stored_lowest=None if held is None else held[0],
        stored_highest=None if held is None else held[1],
        step=None if scale is None else scale.scale,
        histogram=Histogram(lowest, highest, tuple(int(count) for count in counts)),
    )


def _integer_range(pair: Pair, name: str) -> tuple[float, float] | None:
    """The real values that the smallest and the largest stored integer stand for; None where it is float."""
    tensor = pair.shipped.tensors[name]
    if tensor.quantization is None:
        return None
    limits, scale = np.iinfo(tensor.dtype), Affine.of(tensor.quantization)
    return (limits.min - scale.zero_point) * scale.scale, (limits.max - scale.zero_point) * scale.scale


def _stored_range(pair: Pair, name: str) -> tuple[float, float] | None:
    """The values that are stored within half a step: those outside are clipped, not rounded."""
    held = _integer_range(pair, name)
    quantization = pair.shipped.tensors[name].quantization
    if held is None or quantization is None:
        return None
    half = float(quantization.scale[0]) / 2
    return held[0] - half, held[1] + half


def _weight_error_db(pair: Pair, operator: Operator) -> float | None:
    rule = RULES.get(operator.kind)
    if rule is None or rule.weights is None:
        return None
    stored = rounded_constants(pair, operator).get(rule.weights.slot)
    real = pair.original.tensors[str(operator.inputs[rule.weights.slot])].data
    if stored is None or real is None:
        return None
    errors = real.astype(np.float64) - stored
    return decibels(float(np.square(real, dtype=np.float64).sum()), float(np.square(errors).sum()))


def _power(values: Array) -> float:
    # Not a dot product: where other work has the cores, BLAS's threads wait for each other.
    return float(np.square(values).sum())


def _thin(value: npt.NDArray[Any]) -> Array:
    """About `VALUES_PER_SAMPLE` values, taken with a stride that visits every channel."""
    channels = value.shape[-1] if value.ndim else 1
    stride = max(1, value.size // VALUES_PER_SAMPLE)
    while gcd(stride, channels) > 1:
        stride += 1
    return value.reshape(-1)[::stride].astype(np.float64)
