"""The own backbone's training; the checks run where PyTorch is, in an environment of its own."""

import subprocess
from pathlib import Path

import pytest

from tests.system.required import REPOSITORY, require_torch_python

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_every_check_of_the_own_backbones_training_passes_with_pytorch():
    checks = str(Path(__file__).with_name("torch_checks.py"))
    command = [require_torch_python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", checks]
    child = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    assert "skipped" not in child.stdout
