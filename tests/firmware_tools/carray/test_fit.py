"""`lepton delegate check --for tflm` and `lepton firmware carray` say the same of the same network."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from converters.delegates import read_nodes
from converters.tflite import read_tflite, write_tflite
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate
from firmware_tools.carray.fit import MICRO, REMEDIES, UnfitForMicrocontrollers, fitting_model, network_nodes
from firmware_tools.carray.network import read_network
from tests.fakes.lone_operators import Given, tflite_of
from tests.fakes.micro_bundles import MLPERF_TINY, MLPERF_TINY_FLOAT, micro_bundle, with_int16
from tests.fakes.micro_kernels import MICRO_CASES, TYPES, graph_of
from tests.fakes.micro_runtime import PLENTY_BYTES, MicroRun, fits, require_runtime
from tests.fakes.models import brightness_graph
from tests.random_networks.runtimes import Runtime
from tests.system.required import require_tflite_python

ALL_FILES = [*MLPERF_TINY.values(), "str_ww_ref_model.tflite", *MLPERF_TINY_FLOAT.values()]
RULES = load_delegate(MICRO)
PAGE = Path(__file__).parents[3] / "docs/how-to/microcontroller-model.md"


def told(content):
    """What the check says of each operator."""
    return check_delegate(RULES, "tflite", read_nodes(content, "tflite"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return micro_bundle(write_tflite(brightness_graph()), tmp_path_factory.mktemp("b") / "part.bundle", goldens=1)


@pytest.fixture
def fitting(bundle):
    """What the writer of C says of a network: nothing, or why not."""

    def answer(content):
        members = {**bundle.members, "model.tflite": content}
        try:
            fitting_model(type(bundle)(bundle.manifest, bundle.digest, members))
        except UnfitForMicrocontrollers as refusal:
            return str(refusal)
        return ""

    return answer


def agree(content, fitting):
    report, refusal = told(content), fitting(content)
    assert check_delegate(RULES, "tflite", network_nodes(read_network(content))) == report
    assert report.fits == (not refusal)
    for one in report.operators:
        assert one.fate == "accelerator" or f"{one.kind} ({one.output}) is {one.fate}: {one.reason};" in refusal


@pytest.mark.parametrize("dtype", TYPES)
def test_both_say_the_same_of_every_kernel(dtype, fitting):
    for case in MICRO_CASES:
        agree(write_tflite(graph_of(case, dtype)), fitting)


@pytest.mark.parametrize("file", ALL_FILES)
def test_both_say_the_same_of_a_benchmark_model(data, file, fitting):
    agree((data / "mlperf-tiny" / file).read_bytes(), fitting)


@pytest.mark.parametrize("file", ALL_FILES)
def test_a_benchmark_model_runs_where_both_say_so(data, file):
    """Keyword spotting in float has int8 weights beside float activations, which no kernel takes."""
    require_runtime()
    content = (data / "mlperf-tiny" / file).read_bytes()
    assert told(content).fits == fits(content, PLENTY_BYTES) == (file != "kws_ref_model_float32.tflite")


@pytest.mark.parametrize("file", MLPERF_TINY_FLOAT.values())
def test_a_benchmark_model_with_int16_activations_fits(data, file, fitting):
    content, _ = with_int16((data / "mlperf-tiny" / file).read_bytes())
    assert told(content).fits
    agree(content, fitting)


@pytest.mark.parametrize("file", MLPERF_TINY_FLOAT.values())
def test_it_answers_within_a_step_of_65536_as_the_reference_kernels_of_tflite_runtime(data, file):
    content, inputs = with_int16((data / "mlperf-tiny" / file).read_bytes())
    run, (name,) = MicroRun(content), read_tflite(content).inputs
    with closing(Runtime(require_tflite_python(), "BUILTIN_REF")) as runtime:
        recorded = runtime.run(content, [{name: values} for values in inputs])
    for values, (expected,) in zip(inputs, recorded, strict=True):
        (answer,) = run.answer(values)
        assert np.abs(answer.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("kind", "dtype", "words"),
    [
        ("HARD_SWISH", "int16", "is refused: wanted int8 or float32, found int16; convert without"),
        ("RELU6", "int8", "is unknown: wanted float32, found int8; beyond that nobody says; give"),
        ("SVDF", "int32", "is unknown: wanted int8 or int16 or float32, found int32; beyond that nobody says; "),
        ("RELU", "uint8", "is refused: wanted int8 or int16 or int32 or int64 or float32 or bool, found uint8; "),
        ("GELU", "float32", "is refused: GELU is in no list of its maker that we know; leave"),
    ],
)
def test_what_is_in_the_way_is_told_with_its_fate_and_what_to_do(kind, dtype, words, fitting):
    given = Given((1, 8, 8, 4), dtype)
    content = tflite_of(kind, [given], given)
    agree(content, fitting)
    assert f"{kind} (out) {words}" in fitting(content)


def test_an_empty_axis_is_told_by_both(fitting):
    empty = Given((1, 0, 8, 4), "float32", scales=0)
    content = tflite_of("RELU", [empty], empty)
    agree(content, fitting)
    assert "wanted axes of at least 1, found the shape 1×0×8×4" in fitting(content)


def test_the_rules_ask_for_nothing_that_the_writer_of_c_does_not_read():
    """It reads kinds, types, shapes and what is constant: one of the two alone would check options or values."""
    rules = RULES.rules["tflite"]
    asked = {
        name
        for limits in (rules.every, *(rule.limits for rule in rules.operators))
        for name in limits.model_dump(exclude_defaults=True, exclude={"source"})
    }
    assert asked <= {
        "types", "input_types", "output_types", "one_type", "weight_types", "constant_inputs", "filled_axes",
    }  # fmt: skip


REAL = Given((1, 8, 8, 4), "float32", scales=0)
HALF, BYTES, WHOLE, SHORT = (Given((1, 8, 8, 4), dtype) for dtype in ("float16", "uint8", "int32", "int16"))
EMPTY = Given((1, 0, 8, 4), "float32", scales=0)
TOLD = [
    ("RELU", [BYTES], BYTES, "give 'lepton convert' the float model"),
    ("SQRT", [Given((1, 8, 8, 4))], Given((1, 8, 8, 4)), "give 'lepton convert' the float model"),
    ("HARD_SWISH", [SHORT], SHORT, "convert without '--activations int16'"),
    ("RELU", [HALF], HALF, "export the model in float32"),
    ("RELU", [EMPTY], EMPTY, "export the model with fixed shapes"),
    ("RESHAPE", [REAL, Given((4,), "int32", scales=0)], REAL, "with fixed shapes, the batch too, and convert it again"),
    ("RFFT2D", [REAL], REAL, "leave it out of the network, or run the bundle on a board"),
    ("TANH", [WHOLE], WHOLE, "leave it out of the network, or run the bundle on a board"),
    ("SHAPE", [REAL], Given((4,), "int64", scales=0), "export the model with int32 indices, axes and counts"),
]


@pytest.mark.parametrize(("kind", "given", "out", "advice"), TOLD)
def test_what_is_in_the_way_is_told_with_what_helps(kind, given, out, advice, fitting):
    (line,) = fitting(tflite_of(kind, given, out)).splitlines()[1:]
    assert line.endswith(advice)


@pytest.mark.parametrize("advice", sorted({advice for words, advice in REMEDIES if words != "TOPK_V2"}))
def test_the_page_advises_as_the_program_does(advice):
    assert f"| {advice.replace(chr(39), '`')}" in PAGE.read_text("utf-8")
