"""PyTorch models load as they compute; the checks run where PyTorch is, in an environment of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from converters.load import Description, load_model
from edge_contracts.errors import BadInputError, MissingExtraError
from tests.system.required import REPOSITORY, require_torch_python

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_every_check_of_pytorch_models_passes_with_pytorch():
    checks = str(Path(__file__).with_name("torch_checks.py"))
    command = [require_torch_python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", checks]
    child = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    assert "skipped" not in child.stdout


def test_without_pytorch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[torch\]'\), or export the model to ONNX"):
        load_model(Path("package.module:factory"), Description(), pictures=False)


def test_weights_are_refused_where_there_is_no_module_for_them(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    with pytest.raises(BadInputError, match="wanted the import path of a PyTorch module for these weights"):
        load_model(tmp_path / "model.tflite", Description(weights=tmp_path / "weights.pt"), pictures=False)
