"""Each remedy on a network made to need it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.graph import Graph, Operator, Tensor
from converters.isolation.trial import CandidateFailedError, TrialChild
from converters.quantize import Recipe, Workbench, quantize
from converters.quantize.affine import Affine
from converters.quantize.candidate import CONFIRMING, MOST_EXPECTED_BYTES, Candidate, Judge, Proposal, Trial
from converters.quantize.equalisation import equalise, find_pairs
from converters.quantize.feeds import as_feeds, part
from converters.quantize.fidelity import Fidelity, signal_to_noise_db
from converters.quantize.prepare import prepare
from converters.quantize.search import Search, Tried
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("warm_children")

Array = np.ndarray[Any, Any]

CHANNELS = 16
SHAPE = (1, 8, 8, CHANNELS)
PLAIN = {"stride_h": 1, "stride_w": 1, "padding": "SAME"}
ONE = Recipe(ranges=("min-max",), remedies=())


class Network:
    """A chain of convolutions over one picture size, drawn from a seed."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.graph = Graph({"in": Tensor("in", SHAPE, np.dtype("f4"))}, [], ["in"], ["in"])

    def constant(self, values: Array) -> str:
        name = f"c{len(self.graph.tensors)}"
        self.graph.tensors[name] = Tensor(name, values.shape, np.dtype("f4"), values.astype(np.float32))
        return name

    def add(self, kind: str, weights: Array, activation: str = "NONE") -> Network:
        name = f"{kind.lower()}{len(self.graph.operators)}"
        slots: list[str | None] = [self.graph.outputs[0], self.constant(weights), self.constant(np.full(CHANNELS, 0.1))]
        options = {**PLAIN, "fused_activation_function": activation}
        if kind == "DEPTHWISE_CONV_2D":
            options["depth_multiplier"] = 1
        self.graph.tensors[name] = Tensor(name, SHAPE, np.dtype("f4"))
        self.graph.operators.append(Operator(kind, slots, [name], options))
        self.graph.outputs = [name]
        return self

    def conv(self, activation: str = "NONE", taps: int = 1, loudness: Array | float = 1.0) -> Network:
        """`loudness`: what each output channel is multiplied with."""
        weights = self.random.normal(0, 1 / np.sqrt(taps * taps * CHANNELS), (CHANNELS, taps, taps, CHANNELS))
        return self.add("CONV_2D", (weights.T * loudness).T, activation)

    def undone(self, loudness: Array) -> Network:
        """A 1 x 1 convolution that brings channels of unequal loudness back to one."""
        weights = self.random.normal(0, 1 / np.sqrt(CHANNELS), (CHANNELS, 1, 1, CHANNELS))
        return self.add("CONV_2D", weights / loudness)

    def depthwise(self, activation: str = "NONE") -> Network:
        return self.add("DEPTHWISE_CONV_2D", self.random.normal(0, 0.4, (1, 3, 3, CHANNELS)), activation)


def samples(count: int = 40, mean: float = 0.0) -> list[Array]:
    return [np.random.default_rng(s).normal(mean, 1, SHAPE).astype(np.float32) for s in range(count)]


def judged(graph: Graph, *recipes: Recipe, inputs: list[Array] | None = None) -> list[float]:
    """Signal to noise of each recipe's model, the worse of both arithmetics, on samples not calibrated with."""
    prepared = prepare(graph)
    feeds = as_feeds(prepared, inputs or samples())
    with closing(TrialChild()) as child:
        bench = Workbench(prepared, feeds, child)
        judge = Judge.of(prepared, feeds, part(range(len(feeds)))[1], child)
        proposals = [Proposal("", recipe, bench.integer_graph(recipe)) for recipe in recipes]
        made = [judge.confirmed(judge.begin(judge.trial(proposal))()) for proposal in proposals]
    return [min(one.xnnpack_db, one.reference_db) for one in made]


LOUDNESS = np.logspace(0, 3, CHANNELS)


@pytest.mark.parametrize("between", ["NONE", "RELU"])
def test_unequal_channels_gain_ten_decibel_by_equalisation(between: str) -> None:
    graph = Network().conv(between, loudness=LOUDNESS).undone(LOUDNESS).graph
    plain, equalised = judged(graph, ONE, Recipe(ranges=("min-max",), remedies=(), equalise=True))
    assert equalised > plain + 10


def test_a_depthwise_separable_triple_gains_ten_decibel_by_equalisation() -> None:
    graph = Network().conv("RELU", loudness=LOUDNESS).depthwise("RELU").undone(LOUDNESS).graph
    assert len(find_pairs(graph)) == 2
    plain, equalised = judged(graph, ONE, Recipe(ranges=("min-max",), remedies=(), equalise=True))
    assert equalised > plain + 10


def test_equalisation_leaves_the_float_function_as_it_was() -> None:
    graph = prepare(Network().conv("RELU", loudness=LOUDNESS).depthwise("RELU").undone(LOUDNESS).conv().graph)
    feeds = as_feeds(graph, samples(8))
    for per_channel in (Recipe().per_channel, ()):
        changed = equalise(graph, feeds, per_channel)
        before, after = (run_all(write_tflite(one), feeds, Kernels.REFERENCE) for one in (graph, changed))
        scale = max(float(np.abs(answer[0]).max()) for answer in before)
        assert max(float(np.abs(b[0] - a[0]).max()) for b, a in zip(before, after, strict=True)) <= 1e-5 * scale


def test_no_factor_passes_a_relu6() -> None:
    assert find_pairs(Network().conv("RELU6").conv().graph) == []


def test_no_factor_passes_where_somebody_else_reads() -> None:
    network = Network().conv("RELU")
    middle = network.graph.outputs[0]
    network.conv()
    assert len(find_pairs(network.graph)) == 1
    network.graph.outputs.append(middle)
    assert find_pairs(network.graph) == []


def test_a_mean_error_is_taken_out_by_bias_correction() -> None:
    graph = Network().depthwise().graph
    per_tensor = Recipe(ranges=("min-max",), remedies=(), per_channel=(), bias_correction=False)
    corrected = Recipe(ranges=("min-max",), remedies=(), per_channel=())
    plain, better = judged(graph, per_tensor, corrected, inputs=samples(mean=8.0))
    assert better > plain + 1


def test_int4_weights_need_second_order_rounding_and_measured_biases() -> None:
    graph = Network().conv("RELU", taps=3).conv("RELU", taps=3).conv("RELU", taps=3).graph
    four = Recipe(ranges=("min-max",), remedies=(), int4=("CONV_2D",))
    six = Recipe(ranges=("min-max",), remedies=(), int4=("CONV_2D",), rounding="second-order", measured_bias=True)
    plain, better = judged(graph, four, six, inputs=samples(mean=1.0))
    assert better > plain + 1


def test_what_is_integer_already_is_left_alone() -> None:
    first = quantize(Network(1).conv("RELU").graph, samples(), ONE).graph
    second = Network(2).conv("RELU").conv("RELU").graph
    joined = Graph(
        {**first.tensors, **{f"b/{name}": replace(one, name=f"b/{name}") for name, one in second.tensors.items()}},
        [*first.operators, Operator("DEQUANTIZE", [first.outputs[0]], ["b/in"])],
        first.inputs,
        [f"b/{name}" for name in second.outputs],
    )
    for operator in second.operators:
        named = [None if name is None else f"b/{name}" for name in operator.inputs]
        joined.operators.append(replace(operator, inputs=named, outputs=[f"b/{operator.outputs[0]}"]))
    stored = Affine.of_tensor(first.tensors["in"])
    assert stored is not None
    choices = {"equalise": True, "measured_bias": True, "rounding": "second-order", "keep_float": ()}
    recipe = Recipe(ranges=("min-max",), remedies=(), **choices)
    made = quantize(joined, [stored.quantize(one) for one in samples()], recipe)
    for name, tensor in first.tensors.items():
        if tensor.data is not None:
            np.testing.assert_array_equal(made.graph.tensors[name].data, tensor.data)
    assert made.int8_operators == {"CONV_2D": 2}
    assert made.best.xnnpack_db > 30


def test_the_search_keeps_what_wins_and_records_what_loses() -> None:
    graph = Network().conv("RELU", loudness=LOUDNESS).undone(LOUDNESS).graph
    made = quantize(graph, samples(), Recipe(enough_db=np.inf))
    by_name = {one.name: one for one in made.tried}
    assert list(by_name) == ["min-max", "l2.5", "mse", "p99.99", "measured-bias", "second-order", "equalise"]
    assert by_name["equalise"].kept
    assert made.settled.equalise
    assert by_name["equalise"].xnnpack_db is not None
    assert made.settled.remedies == ()


def test_a_settled_recipe_makes_the_same_model_without_a_search() -> None:
    graph = Network().conv("RELU", loudness=LOUDNESS).undone(LOUDNESS).graph
    made = quantize(graph, samples(), Recipe(enough_db=np.inf))
    again = quantize(graph, samples(), made.settled)
    assert again.content == made.content
    assert len(again.tried) == 1


def test_few_samples_are_not_learned_by_heart() -> None:
    made = quantize(Network().conv("RELU").conv().graph, samples(5), Recipe(enough_db=np.inf))
    skipped = {one.name: one.note for one in made.tried if one.xnnpack_db is None}
    assert set(skipped) == {"measured-bias", "second-order"}
    assert "needs 8 samples" in skipped["second-order"]
    assert made.failures == ()


def test_a_model_that_is_true_enough_gets_no_remedy() -> None:
    made = quantize(Network().conv("RELU").conv().graph, samples())
    assert made.best.xnnpack_db > 20
    assert [one.name for one in made.tried if one.xnnpack_db is not None] == ["min-max", "l2.5", "mse", "p99.99"]
    assert all("is enough without it" in one.note for one in made.tried[4:])
    assert made.failures == ()


def candidate(db: float, agreement: float | None) -> Candidate:
    proposal = Proposal("", ONE, Network().conv().graph)
    return Candidate(Trial(proposal, (), b""), Fidelity(db, agreement))


@pytest.mark.parametrize(
    ("db", "agreement", "wins"),
    [(30.4, None, False), (30.6, None, True), (30.6, 0.95, True), (30.6, 0.93, False), (31.6, 0.93, True)],
)
def test_a_later_candidate_must_win_by_a_margin_and_by_more_where_fewer_answers_agree(
    db: float, agreement: float | None, *, wins: bool
) -> None:
    assert candidate(db, agreement).beats(candidate(30.0, None if agreement is None else 0.94)) is wins


class Foreseen:
    """A workbench and a judge whose candidates are as true as is said beforehand."""

    def __init__(self, **truth_db: float) -> None:
        self.prepared = Network().conv("RELU").conv().graph
        self.feeds = samples(8)
        self._truth_db = truth_db

    def integer_outputs(self, _recipe: Recipe) -> frozenset[str]:
        return frozenset(self.prepared.outputs)

    def integer_graph(self, _recipe: Recipe) -> Graph:
        return self.prepared

    def trial(self, proposal: Proposal) -> Trial:
        return Trial(proposal, (), b"")

    def begin(self, trial: Trial) -> Any:
        return lambda: Candidate(trial, Fidelity(self._truth_db[trial.proposal.name.replace("-", "_")]))

    def confirmed(self, candidate: Candidate) -> Candidate:
        return replace(candidate, reference=candidate.xnnpack)


@pytest.mark.parametrize(("remedy", "db"), [("measured-bias", 11.0), ("equalise", 11.0), ("equalise", 11.6)])
def test_equalisation_must_win_by_more_than_another_remedy(remedy: str, db: float) -> None:
    foreseen: Any = Foreseen(**{"min_max": 10.0, remedy.replace("-", "_"): db})
    search = Search(foreseen, foreseen, lambda _done: None)
    search.run(Recipe(ranges=("min-max",), remedies=(remedy,)))
    assert search.tried[-1].kept is (remedy != "equalise" or db > 11.5)


class Deaf:
    """Runs files here, and fails the whole model, which gives probabilities, with some kernels."""

    def __init__(self, kernels: Kernels | None = None) -> None:
        self._fails, self.counts = kernels, list[int]()

    def run(self, content: bytes, feeds: Any, kernels: Kernels) -> Any:
        self.counts.append(len(feeds))
        answers = run_all(content, feeds, kernels)
        if kernels is self._fails and answers[0][0].dtype == np.int8 and _is_distribution(content):
            raise CandidateFailedError(kernels.value)
        return answers

    def begin(self, content: bytes, feeds: Any, kernels: Kernels) -> Any:
        return lambda: self.run(content, feeds, kernels)


def _is_distribution(content: bytes) -> bool:
    graph = read_tflite(content)
    return any(one.kind == "SOFTMAX" and one.outputs[0] in graph.outputs for one in graph.operators)


def _softmax() -> Graph:
    graph = Network().conv("RELU").graph
    graph.tensors["share"] = Tensor("share", SHAPE, np.dtype("f4"))
    graph.operators.append(Operator("SOFTMAX", [graph.outputs[0]], ["share"], {"beta": 1.0}))
    graph.outputs = ["share"]
    return graph


def _confirmed(runner: Deaf) -> Candidate:
    prepared = prepare(_softmax())
    feeds = as_feeds(prepared, samples())
    judge = Judge.of(prepared, feeds, part(range(len(feeds)))[1], runner)
    with closing(TrialChild()) as child:
        proposal = Proposal("", ONE, Workbench(prepared, feeds, child).integer_graph(ONE))
    return judge.confirmed(judge.begin(judge.trial(proposal))())


@pytest.mark.parametrize("kernels", Kernels)
def test_the_file_that_is_kept_ran_with_every_kernel_set(kernels: Kernels) -> None:
    with pytest.raises(CandidateFailedError, match=kernels.value):
        _confirmed(Deaf(kernels))


def test_a_few_samples_confirm_a_candidate() -> None:
    runner = Deaf()
    assert _confirmed(runner).reference_db > 20
    assert max(runner.counts[1:]) == CONFIRMING < runner.counts[0]


@pytest.mark.parametrize(("side_px", "most"), [(64, 40), (1024, 4), (4096, 1)])
def test_the_answers_that_candidates_are_held_against_take_a_bounded_memory(side_px: int, most: int) -> None:
    shape = (1, side_px, side_px, 4)
    graph = Graph({"in": Tensor("in", shape, np.dtype("f4"))}, [], ["in"], ["in"])
    judge = Judge.of(graph, [], range(40), Deaf())
    assert len(judge.places) == most
    assert most == 1 or most * 4 * np.prod(shape) <= MOST_EXPECTED_BYTES


def test_a_remedy_that_ends_the_child_costs_no_candidate_that_runs() -> None:
    """An equalised model is observed anew: it may do what the model that was given does not."""
    graph = Network().conv("RELU", loudness=LOUDNESS).undone(LOUDNESS).graph
    recipe = Recipe(ranges=("min-max",), remedies=("equalise",), enough_db=float("inf"))
    with closing(TrialChild()) as child, mock.patch.object(child, "work", _once(child.work)):
        made = quantize(graph, samples(), recipe, runner=child)
    assert [(one.name, one.kept, one.note) for one in made.tried] == [
        ("min-max", True, ""),
        ("equalise", False, "ended with signal 6"),
    ]


def _once(work: Callable[..., Any]) -> Callable[..., Any]:
    left = [work]

    def once(*asked: Any) -> Any:
        if not left:
            raise CandidateFailedError("ended with signal 6")
        return left.pop()(*asked)

    return once


def test_symmetric_activations_have_no_zero_point() -> None:
    graph = Network().conv("RELU").conv("RELU").graph
    made = quantize(graph, samples(), Recipe(ranges=("min-max",), remedies=(), symmetric=True))
    assert [t.quantization.zero_point.any() for t in made.graph.tensors.values() if t.quantization] != []
    assert not any(t.quantization.zero_point.any() for t in made.graph.tensors.values() if t.quantization)
    assert made.best.xnnpack_db > 30


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"remedies": ("prayer",)}, "remedies: wanted some of bias-correction"),
        ({"int4": ("*",), "activations": "int16"}, "leave one of the two out"),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(choices: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        Recipe(**choices)


def test_an_int4_pattern_that_names_nothing_is_refused() -> None:
    with pytest.raises(BadInputError, match="found none that FULLY_CONNECTED names"):
        quantize(Network().conv().graph, samples(), Recipe(int4=("FULLY_CONNECTED",)))


def test_a_candidate_that_no_reference_kernel_ran_has_no_figure_of_them() -> None:
    with pytest.raises(ValueError, match="wanted a confirmed candidate"):
        candidate(30.0, None).reference_db  # noqa: B018 - the property is what raises


def test_agreement_is_compared_only_of_the_same_output() -> None:
    sure, other = candidate(31.0, 0.2), candidate(30.0, 0.9)
    assert not sure.beats(other)
    assert replace(sure, xnnpack=replace(sure.xnnpack, output=1)).beats(other)


def test_only_what_is_in_the_chosen_model_is_recorded_as_kept() -> None:
    graph = Network().conv("RELU", loudness=LOUDNESS).undone(LOUDNESS).graph
    made = quantize(graph, samples(), Recipe(enough_db=np.inf))
    rules = [one.name for one in made.tried[:4] if one.kept]
    assert rules == [made.rule]


def test_records_say_what_was_not_tried() -> None:
    assert Tried("equalise", note="no pair") == Tried("equalise", None, None, None, kept=False, note="no pair")


def test_noise_without_signal_is_minus_infinity() -> None:
    assert signal_to_noise_db([np.ones(2)], [np.array([1.0, np.nan])]) == -np.inf
