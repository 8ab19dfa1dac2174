"""A step in a process of its own, and what it may take."""

from converters.isolation.child import run_child

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
