"""A file from outside is lowered in a child, which may die, hang or swell without taking the caller along."""

import numpy as np
import pytest

from converters.isolation.child import run_child
from converters.isolation.memory_limit import BYTES_PER_MODEL_BYTE
from converters.lower import CannotLowerError, isolated, lower_model, started_lowering
from converters.lower.lowering import lower_model as lower_here
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from tests.converters.lower.onnx_models import one

WEIGHTS = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
OPEN = one("Conv", ("batch", 3, "height", "width"), WEIGHTS)


def test_what_comes_back_is_what_was_lowered():
    made, here = lower_model(OPEN, input_size=(8, 6)), lower_here(OPEN, input_size=(8, 6))
    assert made.layouts == here.layouts
    assert write_tflite(made.graph) == write_tflite(here.graph)


def test_what_was_started_earlier_gives_and_refuses_the_same():
    with started_lowering(OPEN, input_size=(8, 6)) as lowered, started_lowering(OPEN) as refused:
        here, made = lower_here(OPEN, input_size=(8, 6)), lowered()
        assert made.layouts == here.layouts
        assert write_tflite(made.graph) == write_tflite(here.graph)
        with pytest.raises(BadInputError, match="wanted a fixed size for axis 2"):
            refused()


def test_a_refusal_keeps_its_kind_and_its_sentence():
    with pytest.raises(CannotLowerError, match=r"node 'the_cumsum' \(CumSum.*no rule; replace it"):
        lower_model(one("CumSum", (1, 4), np.int64(1)))
    with pytest.raises(BadInputError, match="wanted a fixed size for axis 2"):
        lower_model(OPEN)


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("import os; os.abort()", "it ended with SIGABRT"),
        ("import time; time.sleep(600)", "it did not end within 1 s"),
        ("b'x' * (64 << 30)", "it ended with exit code 1: MemoryError"),
    ],
)
def test_a_child_that_dies_hangs_or_swells_is_an_error_in_words(tmp_path, monkeypatch, module, sentence):
    (tmp_path / "mischief.py").write_text(
        f"from converters.isolation.child import serve\ndef work(home):\n    {module}\nserve(work)\n", "utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ending = run_child("mischief", tmp_path, 1, 1.0 if "sleep" in module else 60.0)
    assert ending == sentence
    monkeypatch.setattr(isolated, "run_child", lambda *_: ending)
    with pytest.raises(BadInputError, match=f"takes the process with it: {sentence}; the file is damaged"):
        lower_model(OPEN)


def test_a_big_model_may_take_more_memory_than_a_small_one(tmp_path, monkeypatch):
    (tmp_path / "modest.py").write_text("import sys\nassert int(sys.argv[2]) > 9 << 30", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run_child("modest", tmp_path, (5 << 30) // BYTES_PER_MODEL_BYTE + 1) is None
