"""A candidate: one range rule's int8 model, tried out in its own process and compared with the float model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.affine import Affine
from converters.quantize.float16 import store_constants_as_float16
from converters.quantize.ranges import RULES
from converters.quantize.rewrite import Decisions, rewrite
from converters.quantize.scales import assign_scales
from converters.quantize.soundness import check_int8
from converters.tflite import write_tflite
from converters.trial import try_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize.calibrate import Observation
    from converters.quantize.recipe import Recipe
    from converters.trial import Answers

_FLOAT = np.dtype("f4")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One range rule's model, judged on held-out samples.

    rule: the name of the rule. graph: the int8 graph. content: the bytes of its TFLite file.
    xnnpack_db, reference_db: signal to noise of its worst output against the float model's, with XNNPACK's and
        with reference kernels; minus infinity where an output is not finite.
    """

    rule: str
    graph: Graph
    content: bytes
    xnnpack_db: float
    reference_db: float


@dataclass(frozen=True, slots=True)
class Judge:
    """Held-out feeds of the float model and its answers to them, in the model's order of outputs."""

    feeds: Sequence[Feed]
    expected: Answers

    def candidate(self, rule: str, graph: Graph) -> Candidate:
        """Write, try out and compare the graph that `rule` gave.

        Raises:
            CandidateFailedError: the file aborts, hangs or does not load.
        """
        content = write_tflite(graph)
        feeds = [{name: _stored(graph, name, value) for name, value in feed.items()} for feed in self.feeds]
        trial = try_out(content, feeds)
        agreements = [self._agreement(graph, answers) for answers in (trial.xnnpack, trial.reference)]
        return Candidate(rule, graph, content, *agreements)

    def _agreement(self, graph: Graph, answers: Answers) -> float:
        per_output = [
            signal_to_noise_db(
                [answer[place] for answer in self.expected],
                [_real(graph, name, answer[place]) for answer in answers],
            )
            for place, name in enumerate(graph.outputs)
        ]
        return float(min(per_output))


def int8_graph(
    prepared: Graph, int8: frozenset[str], observations: Mapping[str, Observation], rule: str, recipe: Recipe
) -> Graph:
    """The int8 graph that one range rule gives.

    Args:
        prepared: the float graph.
        int8: the first output of each operator that becomes int8.
        observations: of each float activation.
        rule: the range rule's name.
        recipe: the other choices.
    """
    float_inputs = [name for name in prepared.inputs if prepared.tensors[name].dtype == _FLOAT]
    fixed = dict.fromkeys(float_inputs, recipe.input) if recipe.input else {}
    ranges = {name: RULES[rule](seen) for name, seen in observations.items()}
    chosen = [operator for operator in prepared.operators if operator.outputs[0] in int8]
    scales = {**fixed, **assign_scales(prepared, chosen, ranges, fixed)}
    means = {name: seen.mean for name, seen in observations.items()}
    graph = rewrite(prepared, Decisions(int8, scales, means, recipe))
    if recipe.float16_constants:
        store_constants_as_float16(graph)
    check_int8(graph)
    return graph


def signal_to_noise_db(expected: Sequence[npt.NDArray[Any]], found: Sequence[npt.NDArray[Any]]) -> float:
    """10 log10 of the power of `expected` over the power of the error, over all values.

    Infinite where they are equal, minus infinity where `found` is not finite.
    """
    signal = sum(float(np.square(value, dtype=np.float64).sum()) for value in expected)
    noise = sum(
        float(np.square(value.astype(np.float64) - other).sum()) for value, other in zip(expected, found, strict=True)
    )
    if not np.isfinite(noise):
        return -np.inf
    return float(10 * np.log10(max(signal, np.finfo(np.float64).tiny) / noise)) if noise else np.inf


def _stored(graph: Graph, name: str, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A real input as the int8 graph takes it."""
    tensor = graph.tensors[name]
    if tensor.quantization is None or tensor.dtype == value.dtype:
        return value
    return Affine.of(tensor.quantization).quantize(value)


def _real(graph: Graph, name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    quantization = graph.tensors[name].quantization
    return stored if quantization is None else Affine.of(quantization).dequantize(stored)
