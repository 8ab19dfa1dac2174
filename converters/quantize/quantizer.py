"""Float TFLite to int8 TFLite.

    prepare -> observe -> for each range rule: scales, rewrite, check, try out -> keep the best on held-out samples

The result is a file that was loaded and run in a process of its own. The same graph, samples and recipe give the same
bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.execute import Kernels, run_all
from converters.quantize.calibrate import observe
from converters.quantize.candidate import Candidate, Judge, int8_graph
from converters.quantize.feeds import as_feeds, part
from converters.quantize.precision import becomes_int8, computes_in_float
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from converters.trial import CandidateFailedError
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from converters.graph import Graph
    from converters.quantize.calibrate import Observation
    from converters.quantize.feeds import Sample

    Progress = Callable[[str, float], None]
    """Told the stage's name (calibrate, quantize) and the fraction of it that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class QuantizedModel:
    """What `quantize` made.

    best: the model, with its graph, bytes and agreement with the float model.
    candidates: every rule's model that runs, `best` among them, in the recipe's order.
    failures: what became of the other rules, a sentence each.
    recipe: the choices that led here.
    int8_operators, float_operators: how many operators of each kind compute in int8 and in float.
    """

    best: Candidate
    candidates: tuple[Candidate, ...]
    failures: tuple[str, ...]
    recipe: Recipe
    int8_operators: Mapping[str, int]
    float_operators: Mapping[str, int]

    @property
    def graph(self) -> Graph:
        """The int8 graph."""
        return self.best.graph

    @property
    def content(self) -> bytes:
        """The bytes of its TFLite file."""
        return self.best.content

    @property
    def rule(self) -> str:
        """The name of the range rule that won."""
        return self.best.rule


def quantize(
    graph: Graph,
    samples: Sequence[Sample],
    recipe: Recipe | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> QuantizedModel:
    """Quantise a float graph to int8, calibrated and judged on samples.

    Args:
        graph: a float graph, as `read_tflite` gives it; integer parts of a mixed one are left as they are.
        samples: typical inputs in the model's own shape and type (real values for a float input), each one run.
        recipe: the choices; None for the defaults.
        progress: told stage and fraction.

    Raises:
        BadInputError: the graph has nothing to quantise, or the samples do not fit it.
        CandidateFailedError: no rule gave a model that runs.
    """
    recipe = recipe or Recipe()
    prepared = prepare(graph)
    int8 = _int8_outputs(prepared, recipe)
    calibration, held_out = part(as_feeds(prepared, samples))
    observations = observe(prepared, calibration, lambda done: progress("calibrate", done))
    judge = Judge(held_out, run_all(write_tflite(prepared), held_out, Kernels.REFERENCE))
    candidates, failures = _candidates(prepared, int8, observations, judge, recipe, progress)
    if not candidates:
        raise CandidateFailedError(f"no range rule gave a model that runs; {'; '.join(failures)}")
    return QuantizedModel(
        best=max(candidates, key=lambda candidate: candidate.xnnpack_db),
        candidates=tuple(candidates),
        failures=tuple(failures),
        recipe=recipe,
        int8_operators=_kinds(prepared, int8, wanted=True),
        float_operators=_kinds(prepared, int8, wanted=False),
    )


def _int8_outputs(graph: Graph, recipe: Recipe) -> frozenset[str]:
    """The first output of each operator that becomes int8: its name in all that follows."""
    if not any(computes_in_float(graph, operator) for operator in graph.operators):
        raise BadInputError("this model is already integer; give the float model that it was made from")
    keep_float = recipe.keep_float
    if keep_float is None:
        takes_integers = all(graph.tensors[name].quantization is not None for name in graph.inputs)
        keep_float = ("*",) if takes_integers else ()
    int8 = {op.outputs[0] for op in graph.operators if becomes_int8(graph, op, keep_float)}
    if not int8 and not keep_float:
        kinds = ", ".join(sorted({operator.kind for operator in graph.operators}))
        raise BadInputError(f"wanted an operator with an int8 form, found only {kinds}; let this model stay float")
    return frozenset(int8)


def _candidates(
    prepared: Graph,
    int8: frozenset[str],
    observations: Mapping[str, Observation],
    judge: Judge,
    recipe: Recipe,
    progress: Progress,
) -> tuple[list[Candidate], list[str]]:
    # Ranges mean nothing to a model that stays float.
    rules = recipe.ranges if int8 or recipe.input else recipe.ranges[:1]
    candidates, failures = [], []
    for place, rule in enumerate(rules):
        graph = int8_graph(prepared, int8, observations, rule, recipe)
        try:
            candidates.append(judge.candidate(rule, graph))
        except CandidateFailedError as error:
            failures.append(f"{rule}: {error}")
        progress("quantize", (place + 1) / len(rules))
    return candidates, failures


def _kinds(graph: Graph, int8: frozenset[str], *, wanted: bool) -> dict[str, int]:
    operators = [operator for operator in graph.operators if computes_in_float(graph, operator)]
    counts = Counter(operator.kind for operator in operators if (operator.outputs[0] in int8) == wanted)
    return dict(sorted(counts.items()))
