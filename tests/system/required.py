"""Tools that a system test needs: found, or skipped by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

SBIN = "/usr/sbin"
REPOSITORY = Path(__file__).resolve().parents[2]


def require_tool(name: str) -> str:
    """The tool's path; the test is skipped by name where this machine has none."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), SBIN]))
    if found is None:
        pytest.skip(f"needs {name}, which this machine does not have")
    return found


def require_tflite_python() -> str:
    """The Python of an environment with tflite-runtime: `LEPTON_TFLITE_PYTHON`, else what `make tflite-venv` made."""
    found = os.environ.get("LEPTON_TFLITE_PYTHON") or str(REPOSITORY / ".venv-tflite" / "bin" / "python")
    if not Path(found).exists():
        pytest.skip("needs an environment with tflite-runtime; run 'make tflite-venv'")
    return found
