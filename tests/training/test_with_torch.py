"""What needs PyTorch is checked where PyTorch is: in an environment of its own, all in one process."""

import subprocess

import pytest

from tests.system.required import REPOSITORY, require_torch_python

CHECKS = sorted(str(path) for path in (REPOSITORY / "tests" / "training").rglob("*_checks.py"))


@pytest.mark.slow
def test_every_check_of_training_passes_with_pytorch():
    command = [require_torch_python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *CHECKS]
    child = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    assert "skipped" not in child.stdout
