"""What is written compiles as strict C99, holds the very model, and answers in the real runtime as LiteRT does."""

import io
import re
import subprocess
from contextlib import closing

import numpy as np
import pytest

from converters.tflite import read_tflite, write_tflite
from edge_contracts.manifest import AnomalyRule, ClassRule, Output
from firmware_tools.carray.export import files_of, plan_export, write_folder
from tests.fakes.micro_bundles import MLPERF_TINY, STEPS, micro_bundle, mlperf_bundle, reference_answers
from tests.fakes.micro_runtime import MicroRun
from tests.fakes.models import brightness_graph
from tests.random_networks.runtimes import Runtime
from tests.system.required import require_tflite_python, require_tool

DRAWN = 10
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
DUMP = """#include "model.h"
#include <stdio.h>
int main(void) { return fwrite(model_data, 1, MODEL_BYTES, stdout) != MODEL_BYTES; }
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A small float network with two outputs, of which one judges."""
    return micro_bundle(write_tflite(brightness_graph()), tmp_path_factory.mktemp("bundle") / "part.bundle")


def compiled(folder, *sources, **defined):
    """A program of C99 files; strict."""
    flags = [f"-D{name}={value}" for name, value in defined.items()]
    command = [require_tool("gcc"), *STRICT, *flags, "-I", folder, *[folder / one for one in sources]]
    done = subprocess.run([*map(str, command), "-o", folder / "program"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "program"


def written(bundle, folder, **options):
    export = plan_export(bundle, **options)
    write_folder(folder, files_of(export))
    return export


@pytest.mark.parametrize("task", MLPERF_TINY)
def test_a_benchmark_model_out_of_the_compiled_array_answers_as_recorded(data, tmp_path, task):
    bundle = mlperf_bundle(data, task, tmp_path / "task.bundle")
    folder = tmp_path / "c"
    export = written(bundle, folder)
    (folder / "dump.c").write_text(DUMP)
    program = compiled(folder, "model.c", "model_goldens.c", "dump.c")
    model = subprocess.run([program], capture_output=True, check=True).stdout
    assert model == bundle.model
    run, golden = MicroRun(model, export.host.bytes), bundle.manifest.golden
    for one in golden.goldens:
        values = np.load(io.BytesIO(bundle.members[one.input]))
        (answer,), (expected,) = run.answer(values), reference_answers(model, values)
        # LiteRT's reference kernel of FULLY_CONNECTED rounds once since 1.3.0, TensorFlow Lite Micro's twice.
        assert np.abs(answer.astype(int) - expected).max() <= (STEPS if task == "anomaly" else 0)


@pytest.mark.parametrize("task", MLPERF_TINY)
def test_a_benchmark_model_answers_to_the_bit_as_the_reference_kernels_of_tflite_runtime(data, task):
    content, random = (data / "mlperf-tiny" / MLPERF_TINY[task]).read_bytes(), np.random.default_rng(0)
    run, name = MicroRun(content), read_tflite(content).inputs[0]
    drawn = [random.integers(-128, 128, run.input_shape).astype(np.int8) for _ in range(DRAWN)]
    with closing(Runtime(require_tflite_python(), "BUILTIN_REF")) as runtime:
        recorded = runtime.run(content, [{name: values} for values in drawn])
    for values, expected in zip(drawn, recorded, strict=True):
        np.testing.assert_array_equal(run.answer(values), expected)


def test_the_same_bundle_gives_the_same_bytes(bundle):
    assert files_of(plan_export(bundle)) == files_of(plan_export(bundle))


def test_every_float_of_a_golden_comes_back_exactly(bundle, tmp_path):
    export = written(bundle, tmp_path / "c")
    text = (tmp_path / "c" / "model_goldens.c").read_text()
    shown = np.array(re.findall(r"-?[0-9.]+(?:e[-+]\d+)?(?=f\b)", text), np.float32)
    stored = [
        np.load(io.BytesIO(bundle.members[one.outputs[end.name]])).reshape(-1)
        for end in export.outputs
        for one in bundle.manifest.golden.goldens
    ]
    assert np.array_equal(shown, np.concatenate(stored))


def test_labels_threshold_and_preparation_are_constants_that_c_reads(tmp_path):
    labels = ('sc"ra*/tch', "gut — ja", "??/x")
    bundle = micro_bundle(
        write_tflite(brightness_graph()),
        tmp_path / "b.bundle",
        labels=labels,
        outputs=(Output(tensor="heat_map", role="logits", shape=(1, 4, 4, 1), dtype="float32"),),
        rule=ClassRule(good=(labels[1],), min_confidence=0.25),
    )
    folder = tmp_path / "c"
    written(bundle, folder, name="gate")
    (folder / "main.c").write_text(
        '#include "gate.h"\n#include <stdio.h>\nint main(void) {\n'
        "    for (int at = 0; at < GATE_LABELS; ++at) { puts(gate_labels[at]); }\n"
        '    printf("%d%d%d %g %d %d\\n", gate_label_is_good[0], gate_label_is_good[1], gate_label_is_good[2],\n'
        "           GATE_MIN_CONFIDENCE, GATE_OUTPUT0_INDEX, GATE_INPUT_COUNT);\n    return 0;\n}\n"
    )
    said = subprocess.run([compiled(folder, "gate.c", "main.c")], capture_output=True, check=True).stdout.decode()
    assert said.splitlines() == [*labels, "010 0.25 1 192"]


def test_a_threshold_is_a_constant(tmp_path):
    outputs = (Output(tensor="score", role="score", shape=(1,), dtype="float32"),)
    bundle = micro_bundle(
        write_tflite(brightness_graph()), tmp_path / "b.bundle", outputs=outputs, rule=AnomalyRule(threshold=0.125)
    )
    assert "#define MODEL_THRESHOLD 0.125f\n" in files_of(plan_export(bundle))["model.h"]


def test_constants_of_float16_are_widened_and_answer_the_same(tmp_path):
    graph = brightness_graph()
    halves = np.linspace(0.1, 3, 3, dtype=np.float16)
    graph.tensors["half"] = type(graph.tensors["divisor"])("half", (3,), np.dtype("<f2"), halves)
    graph.tensors["wide"] = type(graph.tensors["divisor"])("wide", (3,), np.dtype("<f4"))
    scaled = type(graph.tensors["divisor"])("scaled", (1, 4, 4, 3), np.dtype("<f4"))
    graph.tensors["scaled"] = scaled
    operator = type(graph.operators[0])
    graph.operators[2].inputs[0] = "scaled"
    graph.operators[2:2] = [operator("DEQUANTIZE", ["half"], ["wide"]), operator("MUL", ["pooled", "wide"], ["scaled"])]
    content = write_tflite(graph)
    export = plan_export(micro_bundle(content, tmp_path / "b.bundle"))
    assert len(read_tflite(export.content).operators) == len(graph.operators) - 1
    values = np.random.default_rng(3).integers(-128, 128, (1, 8, 8, 3), np.int8)
    for answer, expected in zip(
        MicroRun(export.content).answer(values), reference_answers(content, values), strict=True
    ):
        assert np.allclose(answer, expected, rtol=1e-6)
