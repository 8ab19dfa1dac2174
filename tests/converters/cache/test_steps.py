"""A step is computed once, and again when something that it depends on changed."""

import pytest

from converters.cache import StepCache, Store
from converters.cache.record import Record


class TextForm:
    def pack(self, result):
        return Record(result)

    def unpack(self, record):
        return record.plain


class Work:
    def __init__(self, result="done"):
        self.result = result
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.result


def run(store, work, key="key"):
    steps = StepCache(store)
    assert steps.run("load", lambda: key, work, TextForm()) == work.result
    (found,) = steps.runs
    return found


def test_the_second_run_reuses_what_the_first_computed(tmp_path):
    work = Work()
    first, second = run(Store(tmp_path), work), run(Store(tmp_path), work)
    assert (first.reused, second.reused, work.times) == (False, True, 1)
    assert first.sentence.startswith("load computed in ")
    assert second.sentence.startswith("load reused in ")


def test_another_key_or_another_program_computes_again(tmp_path, monkeypatch):
    work = Work()
    run(Store(tmp_path), work)
    assert not run(Store(tmp_path), work, key="other").reused
    monkeypatch.setattr("converters.cache.steps.program_fingerprint", lambda: "edited")
    assert not run(Store(tmp_path), work).reused
    assert work.times == 3


def test_without_a_store_nothing_is_kept_and_no_key_is_asked_for():
    def key():
        raise AssertionError

    steps = StepCache()
    assert steps.run("load", key, Work(), TextForm()) == "done"
    assert not steps.runs[0].reused


def test_a_damaged_result_is_computed_again_said_and_mended(tmp_path):
    run(Store(tmp_path), Work())
    (path,) = tmp_path.rglob("*.step")
    path.write_bytes(path.read_bytes()[:-1])
    found = run(Store(tmp_path), Work())
    assert not found.reused
    assert "a kept result was damaged: its content does not match its digest" in found.remark
    assert run(Store(tmp_path), Work()).reused


@pytest.mark.parametrize("where", ["file", "too large"])
def test_a_store_that_takes_nothing_is_said_and_does_not_stop_the_work(tmp_path, where):
    (tmp_path / "file").write_text("no folder")
    store = Store(tmp_path / "file") if where == "file" else Store(tmp_path / "small", limit_bytes=10)
    found = run(store, Work())
    assert not found.reused
    assert "not kept: " in found.remark or "cannot be read: " in found.remark


def test_a_cache_that_fails_is_told_once_with_its_path_and_not_among_the_times(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    steps = StepCache(Store(tmp_path / "file" / "cache"))
    for name in ("load", "quantize"):
        steps.run(name, lambda: "key", Work(), TextForm())
    (told,) = caplog.messages
    assert told.startswith(f"warning: the cache at {tmp_path / 'file' / 'cache'} cannot be used as it should: ")
    assert "LEPTON_CACHE" in told
    assert all("cannot" not in run.sentence for run in steps.runs)
