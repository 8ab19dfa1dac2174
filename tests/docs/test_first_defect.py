"""The tutorial does what it says: its commands, in their order, in one shell, on this machine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.required import require_tool

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
TUTORIAL = REPOSITORY / "docs" / "first-defect.md"


def commands():
    return re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.system
@pytest.mark.slow
def test_the_tutorial_runs_from_photographs_to_a_stored_alert(tmp_path):
    require_tool("mosquitto")
    script = "set -eu\n" + "\n".join(commands())
    program = Path(sys.executable).parent
    path = os.pathsep.join([str(program), os.environ["PATH"], "/usr/sbin"])
    done = subprocess.run(
        [shutil.which("bash"), "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "goldens within tolerance" in done.stdout
    assert "AUROC" in done.stdout
    assert '"outcome": "defect"' in done.stdout or '"outcome":"defect"' in done.stdout
    assert "lost: 0" in done.stdout
    assert '"cause": "bad-frame"' in done.stdout
    assert (tmp_path / "part-report" / "report.html").read_text("utf-8").lstrip().startswith("<!")
