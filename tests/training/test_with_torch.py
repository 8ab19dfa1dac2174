"""What needs PyTorch is checked where PyTorch is: in an environment of its own, each folder's checks in one process."""

import subprocess

import pytest

from tests.system.required import REPOSITORY, require_torch_python

pytestmark = pytest.mark.slow

FOLDERS = ("finetune", "networks", "robustness")


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_check_of_training_passes_with_pytorch(folder):
    checks = sorted(map(str, (REPOSITORY / "tests" / "training" / folder).glob("*_checks.py")))
    assert checks
    command = [require_torch_python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *checks]
    child = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    assert "skipped" not in child.stdout
