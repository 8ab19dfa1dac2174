"""The rules let a kernel through in just the types that TensorFlow Lite Micro answers rightly in when it is run."""

from itertools import product

import numpy as np
import pytest

from converters.delegates import read_nodes
from converters.graph import Graph, Operator, Quantization, Tensor
from converters.quantize.operator_rules import RULES
from converters.tflite import write_tflite
from converters.tflite.types import INT4
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate
from firmware_tools.carray.fit import MICRO
from tests.fakes.micro_kernels import COUNTING, FRESH_BYTES, MICRO_CASES, TYPES, answers_rightly, graph_of
from tests.fakes.micro_runtime import MicroRun, Refused, fits, require_runtime, survives
from tests.fakes.operator_cases import IMAGE

CONVERTING = ("CAST", "DEQUANTIZE", "QUANTIZE")
"""They have one type in and another out."""

NOT_RUN = {
    "ASSIGN_VARIABLE", "BROADCAST_ARGS", "CALL_ONCE", "IF", "READ_VARIABLE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "VAR_HANDLE", "WHILE",
}  # fmt: skip
WEIGHTED = [case for case in MICRO_CASES if case[0] in RULES and RULES[case[0]].weights is not None]
INDEXED = [case for case in MICRO_CASES if any(isinstance(slot, np.ndarray) and slot.dtype == "i4" for slot in case[1])]
COUNTED = [case for case in MICRO_CASES if case[0] in COUNTING]
STEP = 2.0**-8
"""Of every quantised type, so that the values of int8 fit each."""

UNTOLD = ("QUANTIZE", "int32")
"""The runtime gives int32 of integers and not of float, and no limit speaks of pairs: what gives it is unknown."""


def runs(content):
    report = check_delegate(load_delegate(MICRO), "tflite", read_nodes(content, "tflite"))
    return report.fits


def convertible(kind, given, asked):
    """A network that turns one type into another; CAST takes stored values for real ones."""

    def tensor(name, dtype):
        scaled = kind != "CAST" and dtype not in {"float32", "bool"}
        scale = Quantization(np.full(1, STEP, np.float32), np.zeros(1, np.int64)) if scaled else None
        return Tensor(name, IMAGE, np.dtype(dtype), None, scale)

    tensors = {"in0": tensor("in0", given), "out0": tensor("out0", asked)}
    return write_tflite(Graph(tensors, [Operator(kind, ["in0"], ["out0"])], ["in0"], ["out0"]))


def converts_rightly(kind, content, given, asked):
    steps = np.random.default_rng(1).integers(0 if given == "bool" else -128, 2 if given == "bool" else 128, IMAGE)
    real = steps if kind == "CAST" else steps * STEP
    values, expected = (
        np.asarray(real if kind == "CAST" or dtype == "float32" else steps, dtype) for dtype in (given, asked)
    )
    try:
        (answer,) = MicroRun(content, FRESH_BYTES).answer(values)
    except Refused:
        return False
    return np.array_equal(answer, expected)


@pytest.mark.parametrize("case", MICRO_CASES, ids=[case[0] for case in MICRO_CASES])
def test_a_kernel_is_let_through_in_just_the_types_that_it_answers_rightly_in(case):
    require_runtime()
    let_through = [dtype for dtype in TYPES if runs(write_tflite(graph_of(case, dtype)))]
    assert let_through == [dtype for dtype in TYPES if answers_rightly(case, dtype)]


@pytest.mark.parametrize("kind", CONVERTING)
def test_a_conversion_is_let_through_between_just_the_types_that_it_answers_rightly_in(kind):
    require_runtime()
    pairs = [(given, asked) for given, asked in product(TYPES, TYPES) if (kind, asked) != UNTOLD]
    contents = {pair: convertible(kind, *pair) for pair in pairs}
    let_through = [pair for pair, content in contents.items() if runs(content)]
    assert let_through == [pair for pair, content in contents.items() if converts_rightly(kind, content, *pair)]


@pytest.mark.parametrize("case", INDEXED, ids=[case[0] for case in INDEXED])
def test_stored_indices_of_64_bits_are_let_through_just_where_they_are_answered_rightly(case):
    require_runtime()
    kind, slots, outputs, options = case
    wide = [slot.astype("i8") if isinstance(slot, np.ndarray) and slot.dtype == "i4" else slot for slot in slots]
    longer = (kind, wide, outputs, options)
    rightly = survives(lambda: answers_rightly(longer, "float32"))
    assert runs(write_tflite(graph_of(longer, "float32"))) == rightly


@pytest.mark.parametrize("case", COUNTED, ids=[case[0] for case in COUNTED])
def test_an_answer_of_64_bits_is_let_through_as_little_as_it_runs(case):
    require_runtime()
    kind, slots, outputs, _ = case
    longer = (kind, slots, outputs, {COUNTING[kind]: "INT64"})
    assert not answers_rightly(longer, "float32")
    assert not runs(write_tflite(graph_of(longer, "float32")))


def weighted(case, given, weights, answer):
    """A network with weights of this type, of a scale per output channel where they are integers."""
    graph = graph_of(case, given)
    kind, (_, name, *biases) = case[0], graph.operators[0].inputs
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    channels = graph.tensors[name].shape[axis]
    scales = Quantization(np.full(channels, STEP, np.float32), np.zeros(channels, np.int64), axis)
    values = np.random.default_rng(2).integers(-7, 8, graph.tensors[name].shape)
    graph.tensors[name] = Tensor(
        name, values.shape, np.dtype(weights), values.astype(weights), None if weights == "float32" else scales
    )
    for bias in (graph.tensors[one] for one in biases if one.startswith("c") and given != "float32"):
        bias.quantization = Quantization(scales.scale * STEP, scales.zero_point)
    ends = (*graph.inputs, *graph.outputs)
    for end, dtype in zip(ends, (given, answer), strict=True):
        scale = None if dtype == "float32" else Quantization(np.full(1, STEP, np.float32), np.zeros(1, np.int64))
        graph.tensors[end] = Tensor(end, graph.tensors[end].shape, np.dtype(dtype), None, scale)
    return write_tflite(graph)


@pytest.mark.parametrize("case", WEIGHTED, ids=[case[0] for case in WEIGHTED])
@pytest.mark.parametrize("weights", ["int8", INT4, "float32"])
@pytest.mark.parametrize("given", ["int8", "int16", "float32"])
def test_weights_are_let_through_beside_just_the_activations_that_they_run_beside(given, weights, case):
    require_runtime()
    content = weighted(case, given, weights, given)
    assert runs(content) == fits(content, FRESH_BYTES)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_weights_of_4_bits_are_worth_what_they_are_in_8(kind):
    require_runtime()
    case = next(case for case in WEIGHTED if case[0] == kind)
    values = np.random.default_rng(1).integers(-128, 128, IMAGE).astype(np.int8)
    short, whole = (MicroRun(weighted(case, "int8", dtype, "int8")).answer(values) for dtype in (INT4, "int8"))
    assert np.array_equal(short, whole)


@pytest.mark.parametrize("case", WEIGHTED, ids=[case[0] for case in WEIGHTED])
@pytest.mark.parametrize(("given", "answer"), [("int8", "int16"), ("int16", "int8"), ("int8", "float32")])
def test_a_layer_that_gives_another_type_than_it_takes_is_refused(given, answer, case):
    """DEPTHWISE_CONV_2D loads so, and writes its answer in the type that it was given."""
    require_runtime()
    content = weighted(case, given, "int8", answer)
    assert not runs(content)
    assert case[0] == "DEPTHWISE_CONV_2D" or not fits(content, FRESH_BYTES)


def test_every_kind_of_the_rules_is_run_here_or_named():
    kinds = {kind for rule in load_delegate(MICRO).rules["tflite"].operators for kind in rule.kinds}
    run = {case[0] for case in MICRO_CASES} | set(CONVERTING)
    assert kinds - run == NOT_RUN
    assert run - kinds == {"GELU", "TILE"}
