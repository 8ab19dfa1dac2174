"""Float TFLite to int8 TFLite.

    prepare -> observe -> for each range rule: scales, rewrite, check, try out -> keep the best on held-out samples

The result is a file that was loaded and run in a process of its own. The same graph, samples and recipe give the same
bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.affine import Affine
from converters.calibrate import Observation, observe
from converters.execute import Kernels, run_all
from converters.float16 import store_constants_as_float16
from converters.precision import becomes_int8, computes_in_float
from converters.prepare import prepare
from converters.ranges import RULES
from converters.recipe import Recipe
from converters.rewrite import Decisions, rewrite
from converters.scales import assign_scales
from converters.soundness import check_int8
from converters.tflite import write_tflite
from converters.trial import CandidateFailedError, Trial, try_out
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.trial import Answers

    Sample = npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]
    """One run's input: an array for a model with one input, else arrays by input name; real values, float32."""

    Progress = Callable[[str, float], None]
    """Told the stage's name and the fraction of it that is done, 0 to 1."""

HELD_OUT_EVERY = 4
"""Every fourth sample judges the rules and calibrates nothing."""

_FEWEST_TO_SPLIT = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One range rule's model, judged against the float model on held-out samples.

    rule: the name of the rule.
    content: the bytes of the TFLite file.
    signal_to_noise_db: power of the float outputs over power of the error, mean over outputs, with XNNPACK's kernels.
    reference_signal_to_noise_db: the same with reference kernels.
    """

    rule: str
    content: bytes
    signal_to_noise_db: float
    reference_signal_to_noise_db: float


@dataclass(frozen=True, slots=True)
class QuantizedModel:
    """What `quantize` made.

    graph: the int8 graph, and content: the bytes of its file.
    recipe: the choices that led to it. rule: the range rule that won.
    candidates: every rule that gave a model that runs; failures: why the others did not.
    int8_operators, float_operators: how many operators of each kind compute in int8 and in float.
    """

    graph: Graph
    content: bytes
    recipe: Recipe
    rule: str
    candidates: tuple[Candidate, ...]
    failures: tuple[str, ...]
    int8_operators: Mapping[str, int]
    float_operators: Mapping[str, int]


def quantize(
    graph: Graph,
    samples: Sequence[Sample],
    recipe: Recipe | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> QuantizedModel:
    """Quantise a float graph to int8, calibrated and judged on samples.

    Args:
        graph: a float graph, as `read_tflite` gives it; integer parts of a mixed one are left as they are.
        samples: typical inputs, each one run; 20 to 100 do well.
        recipe: the choices; None for the defaults.
        progress: told stage and fraction.

    Raises:
        BadInputError: the graph has nothing to quantise, or the samples do not fit it.
        CandidateFailedError: no rule gave a model that runs.
    """
    recipe = recipe or Recipe()
    prepared = prepare(graph)
    chosen = [operator for operator in prepared.operators if becomes_int8(prepared, operator, recipe.keep_float)]
    _refuse_what_is_done(prepared, has_work=bool(chosen) or recipe.input is not None)
    feeds = [_feed(prepared, sample, place) for place, sample in enumerate(samples)]
    calibration, held_out = _split(feeds)
    observations = observe(prepared, calibration, lambda done: progress("calibrate", done))
    expected = run_all(write_tflite(prepared), held_out, Kernels.REFERENCE)
    int8 = frozenset(operator.outputs[0] for operator in chosen)
    candidates, failures, graphs = [], [], {}
    for place, rule in enumerate(recipe.ranges):
        candidate_graph = _candidate_graph(prepared, int8, observations, rule, recipe)
        try:
            candidate = _judge(rule, candidate_graph, held_out, expected)
        except CandidateFailedError as error:
            failures.append(f"{rule}: {error}")
        else:
            candidates.append(candidate)
            graphs[rule] = candidate_graph
        progress("quantize", (place + 1) / len(recipe.ranges))
    if not candidates:
        raise CandidateFailedError(f"no range rule gave a model that runs: {'; '.join(failures)}")
    best = max(candidates, key=lambda candidate: candidate.signal_to_noise_db)
    kinds = _kinds(prepared, int8)
    return QuantizedModel(
        graphs[best.rule], best.content, recipe, best.rule, tuple(candidates), tuple(failures), *kinds
    )


def signal_to_noise_db(expected: Sequence[npt.NDArray[Any]], found: Sequence[npt.NDArray[Any]]) -> float:
    """10 log10 of the power of `expected` over the power of the error, over all values; infinite where equal."""
    signal = sum(float(np.square(value, dtype=np.float64).sum()) for value in expected)
    noise = sum(
        float(np.square(value.astype(np.float64) - other).sum()) for value, other in zip(expected, found, strict=True)
    )
    if noise == 0:
        return np.inf
    return float(10 * np.log10(max(signal, np.finfo(np.float64).tiny) / noise))


def _refuse_what_is_done(graph: Graph, *, has_work: bool) -> None:
    if has_work:
        return
    if any(computes_in_float(graph, operator) for operator in graph.operators):
        raise BadInputError(
            "no operator of this model has an int8 form that was not asked to stay float; keep it float"
        )
    raise BadInputError("this model is already integer; give the float model that it was made from")


def _feed(graph: Graph, sample: Sample, place: int) -> Feed:
    arrays = sample if not isinstance(sample, np.ndarray) else dict.fromkeys(graph.inputs, sample)
    if isinstance(sample, np.ndarray) and len(graph.inputs) != 1:
        raise BadInputError(f"the model has {len(graph.inputs)} inputs; give samples as arrays by name: {graph.inputs}")
    feed = {}
    for name in graph.inputs:
        wanted = graph.tensors[name]
        if name not in arrays or tuple(arrays[name].shape) != wanted.shape:
            found = arrays[name].shape if name in arrays else "nothing"
            raise BadInputError(f"sample {place}, input {name!r}: wanted {wanted.shape} {wanted.dtype}, found {found}")
        feed[name] = np.ascontiguousarray(arrays[name], wanted.dtype)
    return feed


def _split(feeds: Sequence[Feed]) -> tuple[list[Feed], list[Feed]]:
    """Calibration and held-out feeds; a handful serves as both."""
    if len(feeds) < _FEWEST_TO_SPLIT:
        return list(feeds), list(feeds)
    held_out = [feed for place, feed in enumerate(feeds) if place % HELD_OUT_EVERY == HELD_OUT_EVERY - 1]
    return [feed for place, feed in enumerate(feeds) if place % HELD_OUT_EVERY != HELD_OUT_EVERY - 1], held_out


def _candidate_graph(
    prepared: Graph, int8: frozenset[str], observations: Mapping[str, Observation], rule: str, recipe: Recipe
) -> Graph:
    ranges = {name: RULES[rule](seen) for name, seen in observations.items()}
    float_inputs = [name for name in prepared.inputs if prepared.tensors[name].dtype == np.dtype("f4")]
    fixed = dict.fromkeys(float_inputs, recipe.input) if recipe.input else {}
    chosen = [operator for operator in prepared.operators if operator.outputs[0] in int8]
    scales = {**fixed, **assign_scales(prepared, chosen, ranges, fixed)}
    means = {name: seen.mean for name, seen in observations.items()}
    result = rewrite(prepared, Decisions(int8, scales, means, recipe))
    if recipe.float16_constants:
        store_constants_as_float16(result)
    check_int8(result)
    return result


def _judge(rule: str, graph: Graph, held_out: Sequence[Feed], expected: Answers) -> Candidate:
    content = write_tflite(graph)
    trial = try_out(content, [_stored(graph, feed) for feed in held_out])
    return Candidate(rule, content, *_agreements(graph, trial, expected))


def _stored(graph: Graph, feed: Feed) -> Feed:
    """The feed as the int8 graph takes it."""
    return {name: _to_stored(graph, name, value) for name, value in feed.items()}


def _to_stored(graph: Graph, name: str, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    tensor = graph.tensors[name]
    if tensor.quantization is None or tensor.dtype == value.dtype:
        return value
    return Affine.of(tensor.quantization).quantize(value)


def _agreements(graph: Graph, trial: Trial, expected: Answers) -> tuple[float, float]:
    return _agreement(graph, trial.xnnpack, expected), _agreement(graph, trial.reference, expected)


def _agreement(graph: Graph, answers: Answers, expected: Answers) -> float:
    per_output = []
    for place, name in enumerate(graph.outputs):
        quantization = graph.tensors[name].quantization
        found = [answer[place] for answer in answers]
        real = found if quantization is None else [Affine.of(quantization).dequantize(value) for value in found]
        per_output.append(signal_to_noise_db([answer[place] for answer in expected], real))
    return float(np.mean(per_output))


def _kinds(graph: Graph, int8: frozenset[str]) -> tuple[dict[str, int], dict[str, int]]:
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for operator in graph.operators:
        if computes_in_float(graph, operator):
            count = counts[0 if operator.outputs[0] in int8 else 1]
            count[operator.kind] = count.get(operator.kind, 0) + 1
    return counts
