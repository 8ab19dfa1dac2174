"""A conversion's temporary folder goes with it, or with the next one."""

import subprocess
import sys
from pathlib import Path

import pytest

from converters.isolation.scratch import scratch

HOLDS = """
import sys
from pathlib import Path
from converters.isolation.scratch import scratch

with scratch("test") as home:
    (home / "model").write_bytes(bytes(1000))
    print(home, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Temporary folders lie there, in children as well."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    return tmp_path


@pytest.fixture
def other():
    """Another process with a folder, and that folder."""
    command = [sys.executable, "-c", HOLDS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_ends_with_its_block(place):
    with scratch("test") as home:
        (home / "model").write_bytes(b"1")
        assert home.parent == place
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_folder(other, place):
    process, left = other
    process.kill()
    process.wait()
    assert (left / "model").stat().st_size == 1000
    with scratch("test") as home:
        assert list(place.iterdir()) == [home]


def test_what_a_living_process_holds_stays(other):
    _, held = other
    with scratch("test"):
        assert (held / "model").exists()


def test_folders_that_are_not_of_this_kind_stay(place):
    (place / "lepton-flash-1").mkdir()
    (place / "lepton-note").write_text("mine")
    (place / "lepton-link").symlink_to(place / "lepton-flash-1")
    with scratch("test"):
        pass
    assert sorted(path.name for path in place.iterdir()) == ["lepton-flash-1", "lepton-link", "lepton-note"]
