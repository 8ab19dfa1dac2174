"""The C++ files do what they say: registered operators run, goldens pass, and a changed answer is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from converters.tflite import write_tflite
from device_profiles.delegate_files import load_delegate
from firmware_tools.carray.export import files_of, plan_export, write_folder
from firmware_tools.carray.runner_files import method
from tests.fakes.micro_bundles import micro_bundle, mlperf_bundle
from tests.fakes.micro_runtime import require_runtime
from tests.fakes.models import brightness_graph
from tests.system.required import require_tool

FAKE = Path(__file__).resolve().parents[2] / "fakes" / "tflm"
RESOLVER = FAKE / "tensorflow" / "lite" / "micro" / "micro_mutable_op_resolver.h"
MAIN = '#include "model_selftest.h"\nint main() { return model_selftest(); }\n'


def selftest(folder, bundle, change=lambda files: files):
    """What the compiled self-test says, and its answer; the interpreter behind it is the real one."""
    require_runtime()
    export = plan_export(bundle)
    write_folder(folder, change(files_of(export)))
    (folder / "main.cc").write_text(MAIN)
    defined = [f"-DTFLM_MODEL_BYTES={len(export.content)}", f'-DTFLM_RUN="{sys.executable} {FAKE / "run.py"}"']
    cxx, strict = require_tool("g++"), ["-Wall", "-Wextra", "-Werror"]
    for unit in sorted(folder.glob("*.c")):
        subprocess.run(["gcc", "-std=c99", *strict, "-c", unit, "-o", unit.with_suffix(".o")], check=True)
    sources = [*sorted(folder.glob("*.cc")), *sorted(folder.glob("*.o"))]
    command = [cxx, "-std=c++17", *strict, *defined, "-I", folder, "-I", FAKE, *sources, "-o", folder / "selftest"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return subprocess.run([folder / "selftest"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_goldens_of_a_benchmark_model_pass(data, tmp_path):
    done = selftest(tmp_path / "c", mlperf_bundle(data, "keyword", tmp_path / "kws.bundle", goldens=1))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "model: 1 goldens as recorded")


@pytest.fixture
def bundle(tmp_path):
    return micro_bundle(write_tflite(brightness_graph()), tmp_path / "part.bundle", goldens=1)


def test_a_changed_answer_of_the_second_output_is_told(tmp_path, bundle):
    def second_off(files):
        head, _, tail = files["model_goldens.c"].partition("golden_outputs1")
        return files | {"model_goldens.c": head + "golden_outputs1" + re.sub(r"\d\.\d+f", "7.5f", tail, count=1)}

    done = selftest(tmp_path / "off", bundle, second_off)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (6, "model: golden 0, output 1, value 0 differs")


def test_too_small_an_arena_is_told(tmp_path, bundle):
    def small(files):
        return files | {"model.h": re.sub(r"ARENA_BYTES \d+u", "ARENA_BYTES 1024u", files["model.h"])}

    done = selftest(tmp_path / "c", bundle, small)
    assert (done.returncode, "1024 bytes of arena are not enough" in done.stdout) == (3, True)


def test_every_operator_that_is_let_through_has_its_registration():
    known = set(re.findall(r"FAKE_METHOD\((Add\w+)\)", RESOLVER.read_text("utf-8")))
    rules = load_delegate("tflm").rules["tflite"].operators
    assert {method(kind) for rule in rules for kind in rule.kinds if rule.verdict == "runs"} == known
