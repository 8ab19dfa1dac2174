"""Tools that a system test needs: found, or skipped by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from converters.load.tool_environment import found_python, tensorflow_environment

SBIN = "/usr/sbin"
REPOSITORY = Path(__file__).resolve().parents[2]


def require_tool(name: str) -> str:
    """The tool's path; the test is skipped by name where this machine has none."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), SBIN]))
    if found is None:
        pytest.skip(f"needs {name}, which this machine does not have")
    return found


def tflite_python() -> str | None:
    """The Python of an environment with tflite-runtime: `LEPTON_TFLITE_PYTHON`, else what `make tflite-venv` made."""
    found = os.environ.get("LEPTON_TFLITE_PYTHON") or str(REPOSITORY / ".venv-tflite" / "bin" / "python")
    return found if Path(found).exists() else None


def require_tflite_python() -> str:
    """The same; the test is skipped by name where there is none."""
    found = tflite_python()
    if found is None:
        pytest.skip("needs an environment with tflite-runtime; run 'make tflite-venv'")
    return found


def require_torch_python() -> str:
    """The Python of an environment with PyTorch: `LEPTON_TORCH_PYTHON`, else what `make torch-venv` made."""
    found = os.environ.get("LEPTON_TORCH_PYTHON") or str(REPOSITORY / ".venv-torch" / "bin" / "python")
    if not Path(found).exists():
        pytest.skip("needs an environment with PyTorch; run 'make torch-venv'")
    return found


def require_sparkplug_python() -> str:
    """The Python of an environment with PySparkplug: `LEPTON_SPARKPLUG_PYTHON`, or of `make sparkplug-venv`."""
    found = os.environ.get("LEPTON_SPARKPLUG_PYTHON") or str(REPOSITORY / ".venv-sparkplug" / "bin" / "python")
    if not Path(found).exists():
        pytest.skip("needs an environment with PySparkplug; run 'make sparkplug-venv'")
    return found


def require_tensorflow_python() -> str:
    """The Python of the tool environment with TensorFlow: in `LEPTON_TOOLS`, else what `make keras-env` made."""
    found = found_python(tensorflow_environment(), Path(os.environ.get("LEPTON_TOOLS", REPOSITORY / ".venv-tools")))
    if found is None:
        pytest.skip("needs the tool environment with TensorFlow; run 'make keras-env'")
    return str(found)
