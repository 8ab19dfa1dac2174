"""Many models share a child process; one that takes it down costs only its own answers."""

import numpy as np
import pytest

from converters.doctor.island import with_islands
from converters.doctor.trials import run_batch, time_in_turns
from converters.execute import Kernels, run_all
from converters.isolation.trial import CandidateFailedError
from converters.tflite import write_tflite

DEADLY = """
import os
from converters import execute
loading = execute.Session.__init__
def load(self, content, *rest, **more):
    if content.startswith(b"deadly"):
        os.abort()
    loading(self, content, *rest, **more)
execute.Session.__init__ = load
"""


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    """A file that makes the child abort, as XNNPACK can."""
    (tmp_path / "sitecustomize.py").write_text(DEADLY, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return b"deadly"


@pytest.fixture
def models(sound):
    return [write_tflite(with_islands(sound, names)) for names in ((), ("conv1",), ("conv2", "conv3"))]


def test_answers_are_those_of_the_model_alone(sound, models, feeds):
    stored = [sound.feed(feed) for feed in feeds[:3]]
    for content, outputs in zip(models, run_batch(models, stored), strict=True):
        expected = [answer[0] for answer in run_all(content, stored, Kernels.XNNPACK)]
        np.testing.assert_array_equal(outputs[0], expected)


def test_a_model_that_kills_its_process_leaves_the_others_their_answers(sound, models, feeds, deadly):
    found = run_batch([models[0], deadly, models[1], deadly, models[2]], [sound.feed(feeds[0])])
    assert [outputs is None for outputs in found] == [False, True, False, True, False]


def test_a_file_that_is_no_model_has_no_answers(sound, models, feeds):
    assert run_batch([b"nothing", models[0]], [sound.feed(feeds[0])])[0] is None


def test_every_model_is_timed(sound, models, feeds):
    times = time_in_turns(models, [sound.feed(feeds[0])] * len(models), turns=3)
    assert len(times) == len(models)
    assert all(ms > 0 for ms in times)


def test_timing_a_model_that_kills_its_process_is_an_error(sound, models, feeds, deadly):
    with pytest.raises(CandidateFailedError, match="SIGABRT"):
        time_in_turns([models[0], deadly], [sound.feed(feeds[0])] * 2, turns=3)


def test_a_model_that_takes_floats_is_timed_beside_one_that_takes_bytes(sound, models, feeds):
    original = write_tflite(sound.original)
    times = time_in_turns([models[0], original], [sound.feed(feeds[0]), feeds[0]], turns=3)
    assert all(ms > 0 for ms in times)
