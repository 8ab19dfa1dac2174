"""What needs PyTorch is checked where PyTorch is: in an environment of its own, all checks in one process.

PyTorch and what comes with it take seconds to import, as long as many of the checks.
"""

import subprocess

import pytest

from tests.system.required import REPOSITORY, require_torch_python

FOLDERS = ("backbone", "finetune", "networks", "robustness")
PATIENCE_S = 560


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 40)
def test_every_check_of_training_passes_with_pytorch():
    found = {one: sorted(map(str, (REPOSITORY / "tests/training" / one).glob("*_checks.py"))) for one in FOLDERS}
    assert all(found.values())
    checks = [path for paths in found.values() for path in paths]
    command = [require_torch_python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *checks]
    child = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    assert "skipped" not in child.stdout
