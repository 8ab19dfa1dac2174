"""ONNX Runtime is told to send nothing before it loads, on every way on which the program loads it."""

import os
import subprocess
import sys

import pytest

from edge_runtime.infer.silent_onnxruntime import OPT_OUT

WAYS = {
    "a board": "import edge_runtime.infer.onnx",
    "lowering": "from converters.lower.source import import_runtime; import_runtime()",
    "quantising": "from converters.quantize.onnx.prepare import Packages; Packages.load()",
}


def environment_after(code, folder, **said):
    kept = {name: value for name, value in os.environ.items() if name not in {OPT_OUT, "CI"}}
    code += f"; import os, sys; assert 'onnxruntime' in sys.modules; print(os.environ['{OPT_OUT}'])"
    environment = {**kept, "TMPDIR": str(folder), **said}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize("way", WAYS)
def test_it_is_told_to_send_nothing_and_leaves_no_identity_behind(way, tmp_path):
    assert environment_after(WAYS[way], tmp_path) == "1"
    assert list(tmp_path.iterdir()) == []


def test_what_the_user_said_stays(tmp_path):
    assert environment_after(WAYS["a board"], tmp_path, **{OPT_OUT: "true"}) == "true"
