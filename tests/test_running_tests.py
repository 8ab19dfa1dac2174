"""What misses a deadline on a busy machine is tried once more; what fails twice, or fails in numbers, stands.

What runs beside the tests that have deadlines counts as they do.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.slow]

TOOLS = Path(__file__).parents[1] / "tools"
SCRIPT = TOOLS / "pytest_twice.sh"

ONCE = """
from pathlib import Path
import pytest
@pytest.mark.parametrize("number", range({many}))
def test_it(number):
    mark = Path(f"seen-{{number}}")
    seen = mark.exists()
    mark.touch()
    assert seen
def test_other():
    pass
"""


AFTER_A_NEIGHBOUR = """
import os
def test_neighbour():
    os.environ["LEFT_BEHIND"] = "1"
def test_it():
    assert "LEFT_BEHIND" not in os.environ
"""

CRASHES_ONCE = """
import os
from pathlib import Path
def test_it():
    mark = Path("seen")
    if not mark.exists():
        mark.touch()
        os.abort()
"""

BOTH_HALVES = """
import pytest
@pytest.mark.live
def test_with_deadlines():
    pass
def test_other():
    pass
"""

# Other plugins take a second to load, and there are a dozen starts.
ALONE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(home, text, *arguments):
    (home / "tests").mkdir(exist_ok=True)
    (home / "tests" / "test_it.py").write_text(text)
    command = ["sh", str(SCRIPT), sys.executable, "-q", "-p", "xdist.plugin", *arguments]
    return subprocess.run(command, cwd=home, env=ALONE, capture_output=True, text=True, check=False)


def test_what_fails_once_passes_and_is_named(tmp_path):
    done = run(tmp_path, ONCE.format(many=1))
    assert done.returncode == 0
    assert 'passed only when tried a second time, alone: "tests/test_it.py::test_it[0]"' in done.stdout
    assert "\n2 passed in" in done.stdout


def test_what_fails_twice_fails(tmp_path):
    done = run(tmp_path, "def test_it():\n    assert False\n")
    assert done.returncode == 1
    assert "second try" in done.stdout
    assert "passed only" not in done.stdout


def test_what_fails_in_numbers_is_not_tried_again(tmp_path):
    done = run(tmp_path, ONCE.format(many=4))
    assert done.returncode == 1
    assert "second try" not in done.stdout


def test_a_file_that_cannot_be_read_is_not_tried_again(tmp_path):
    done = run(tmp_path, "import nothing_of_this_name\n")
    assert done.returncode == 2
    assert "second try" not in done.stdout


def test_the_second_try_is_for_the_files_that_failed_alone(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_more.py").write_text("def test_more():\n    pass\n")
    done = run(tmp_path, ONCE.format(many=1), "tests", "tests/test_it.py::test_other")
    assert done.returncode == 0
    assert "\n2 passed in" in done.stdout


def test_what_fails_after_its_neighbour_fails_again(tmp_path):
    assert run(tmp_path, AFTER_A_NEIGHBOUR).returncode == 1


def test_a_crash_is_not_tried_again(tmp_path):
    done = run(tmp_path, CRASHES_ONCE, "-n", "1")
    assert done.returncode == 1
    assert "second try" not in done.stdout


@pytest.mark.parametrize("stop", [["-x"], ["-vx"], ["--maxfail", "1"], ["--maxfail=1", "-n", "1"]])
def test_what_was_stopped_at_a_failure_is_not_called_passed(tmp_path, stop):
    done = run(tmp_path, ONCE.format(many=1) + "def test_broken():\n    assert False\n", *stop)
    assert done.returncode in {1, 2}  # 2 is xdist's
    assert "second try" not in done.stdout


@pytest.mark.parametrize(("beside", "code"), [("echo beside", 0), ("echo beside; exit 7", 7)])
def test_what_runs_beside_the_live_tests_is_told_and_its_failure_is_the_whole_ones(tmp_path, beside, code):
    (tmp_path / "tools").symlink_to(TOOLS)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(BOTH_HALVES)
    command = ["sh", "tools/run_tests.sh", sys.executable, "-q", "-p", "xdist.plugin"]
    told = {**ALONE, "BESIDE_LIVE": beside, "JOBS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.count("\n1 passed, 1 deselected") == 1
    assert done.stdout.index("1 deselected") < done.stdout.index("\nbeside\n") < done.stdout.rindex("1 passed")
