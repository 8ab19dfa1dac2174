"""Float TFLite to int8 TFLite.

    prepare -> observe -> for each range rule, then each remedy: scales, rewrite, check, try out -> keep the best

The result is a file that was loaded and run in a process of its own. The same graph, samples and recipe give the same
bytes.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.isolation.trial import CandidateFailedError, TrialChild
from converters.quantize.candidate import Candidate, Judge
from converters.quantize.feeds import as_feeds, part
from converters.quantize.precision import computes_in_float
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.quantize.search import Search, Tried
from converters.quantize.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from converters.graph import Graph
    from converters.quantize.feeds import Sample

    Progress = Callable[[str, float], None]
    """Told the stage's name (calibrate, quantize) and the fraction of it that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class QuantizedModel:
    """What `quantize` made.

    best: the model, with its graph, bytes, settled recipe and fidelity to the float model.
    tried: every trial on the way to it, in order, the failed ones with a reason.
    failures: what became of the candidates that do not run, a sentence each.
    recipe: the choices that were given.
    int8_operators, float_operators: how many operators of each kind compute in integers and in float.
    bench: makes more integer graphs of the same float model. One that is equalised where this one is not is observed
        anew, in the runner that `quantize` was given; what is asked of it after its `close` starts another process.
    """

    best: Candidate
    tried: tuple[Tried, ...]
    failures: tuple[str, ...]
    recipe: Recipe
    int8_operators: Mapping[str, int]
    float_operators: Mapping[str, int]
    bench: Workbench

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

    @property
    def settled(self) -> Recipe:
        """The recipe that makes this model without a search."""
        return self.best.proposal.recipe


def quantize(
    graph: Graph,
    samples: Sequence[Sample],
    recipe: Recipe | None = None,
    progress: Progress = lambda _stage, _done: None,
    runner: TrialChild | None = None,
) -> QuantizedModel:
    """Quantise a float graph, calibrated and judged on samples.

    Args:
        graph: a float graph, as `read_tflite` gives it; integer parts of a mixed one are left as they are.
        samples: typical inputs in the model's own shape and type (real values for a float input), each one run.
        recipe: the choices; None for the defaults.
        progress: told stage and fraction.
        runner: who runs the model and its candidates; None for a child process of this call.

    Raises:
        BadInputError: the graph has nothing to quantise, or the samples do not fit it.
        CandidateFailedError: nothing gave a model that runs.
    """
    if runner is None:
        with closing(TrialChild()) as child:
            return quantize(graph, samples, recipe, progress, child)
    recipe = recipe or Recipe()
    prepared = prepare(graph)
    feeds = as_feeds(prepared, samples)
    judge = Judge.of(prepared, feeds, part(range(len(feeds)))[1], runner)
    bench = Workbench(prepared, feeds, runner, lambda done: progress("calibrate", done), judge)
    integer = bench.integer_outputs(recipe)
    search = Search(bench, judge, lambda done: progress("quantize", done))
    search.run(recipe)
    if search.best is None:
        raise CandidateFailedError(f"no range rule gave a model that runs; {'; '.join(search.failures)}")
    return QuantizedModel(
        best=search.best,
        tried=tuple(search.tried),
        failures=search.failures,
        recipe=recipe,
        int8_operators=_kinds(prepared, integer, wanted=True),
        float_operators=_kinds(prepared, integer, wanted=False),
        bench=bench,
    )


def _kinds(graph: Graph, integer: frozenset[str], *, wanted: bool) -> dict[str, int]:
    operators = [operator for operator in graph.operators if computes_in_float(graph, operator)]
    counts = Counter(operator.kind for operator in operators if (operator.outputs[0] in integer) == wanted)
    return dict(sorted(counts.items()))
