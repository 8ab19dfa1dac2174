"""A step in a process of its own, and what it may take."""

import time
from pathlib import Path

from converters.isolation.child import run_child, started_child

DECLARES = """
import mmap

from converters.isolation.child import serve


def work(home):
    mmap.mmap(-1, 4_100_000_000).close()


serve(work)
"""


def test_a_small_file_may_declare_half_a_gigabyte(tmp_path, monkeypatch):
    """As a topology with ConstantOfShape for weights does; lowering such a VGG-19 takes 4.1 GB."""
    (tmp_path / "declares.py").write_text(DECLARES, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run_child("declares", tmp_path, 9_311) is None


TELLS = """
import os, time

from converters.isolation.child import serve


def work(home):
    (home / "new").write_text(str(os.getpid()))
    (home / "new").rename(home / "pid")
    while not (home / "go").exists():
        time.sleep(0.01)
    raise ValueError("stop")


serve(work)
"""


def test_a_started_child_works_while_its_caller_does(tmp_path, monkeypatch):
    (tmp_path / "tells.py").write_text(TELLS, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with started_child("tells", tmp_path, 1) as ending:
        _pid(tmp_path)
        (tmp_path / "go").touch()
        assert ending() == "it ended with exit code 1: ValueError: stop"


def test_a_started_child_that_nobody_waits_for_ends_with_the_block(tmp_path, monkeypatch):
    (tmp_path / "tells.py").write_text(TELLS, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with started_child("tells", tmp_path, 1):
        pid = _pid(tmp_path)
    assert not Path("/proc", pid).exists()


def _pid(home):
    """The child's, once it works."""
    deadline = time.monotonic() + 30
    while not (home / "pid").exists():
        assert time.monotonic() < deadline
    return (home / "pid").read_text("utf-8")
