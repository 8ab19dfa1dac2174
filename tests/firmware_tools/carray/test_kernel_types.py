"""The rules let a kernel through in just the types that TensorFlow Lite Micro answers rightly in when it is run."""

from itertools import product

import numpy as np
import pytest

from converters.delegates import read_nodes
from converters.graph import Graph, Operator, Quantization, Tensor
from converters.quantize.operator_rules import RULES
from converters.tflite import write_tflite
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate
from firmware_tools.carray.fit import MICRO
from tests.fakes.micro_kernels import FRESH_BYTES, MICRO_CASES, TYPES, answers_rightly, graph_of
from tests.fakes.micro_runtime import MicroRun, Refused, fits, require_runtime
from tests.fakes.operator_cases import IMAGE

CONVERTING = ("CAST", "DEQUANTIZE", "QUANTIZE")
"""They have one type in and another out."""

NOT_RUN = {
    "ASSIGN_VARIABLE", "BROADCAST_ARGS", "CALL_ONCE", "IF", "READ_VARIABLE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "VAR_HANDLE", "WHILE",
}  # fmt: skip
WEIGHTED = [case for case in MICRO_CASES if case[0] in RULES and RULES[case[0]].weights is not None]
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


@pytest.mark.parametrize("case", WEIGHTED, ids=[case[0] for case in WEIGHTED])
def test_integer_weights_beside_float_activations_are_let_through_as_little_as_they_run(case):
    require_runtime()
    graph = graph_of(case, "float32")
    weights = graph.tensors[graph.operators[0].inputs[1]]
    weights.data, weights.dtype = np.ones(weights.shape, np.int8), np.dtype(np.int8)
    weights.quantization = Quantization(np.full(1, STEP, np.float32), np.zeros(1, np.int64))
    content = write_tflite(graph)
    assert not fits(content, FRESH_BYTES)
    assert not runs(content)


def test_every_kind_of_the_rules_is_run_here_or_named():
    kinds = {kind for rule in load_delegate(MICRO).rules["tflite"].operators for kind in rule.kinds}
    run = {case[0] for case in MICRO_CASES} | set(CONVERTING)
    assert kinds - run == NOT_RUN
    assert run - kinds == {"GELU", "TILE"}
