"""Each model is run once over the inputs, however often its answers are asked for."""

import numpy as np
import pytest

from converters.calibration.samples import Sample
from converters.gate import answers as module
from converters.gate.answers import Answers
from edge_contracts.bundle import read_bundle
from edge_runtime.infer.predictor import Predictor
from tests.fakes.models import BundleRecipe, write_brightness_bundle

PICTURES = [np.full((8, 8, 3), shade, np.uint8) for shade in (0, 51, 255)]
SAMPLES = [Sample(np.zeros(0, np.float32), str(place), "", lambda one=one: one) for place, one in enumerate(PICTURES)]


@pytest.fixture
def runs(monkeypatch):
    """The models that were run, one entry per input."""
    seen = []
    score = module._score
    monkeypatch.setattr(module, "_score", lambda model, sample: seen.append(model) or score(model, sample))
    return seen


@pytest.fixture
def predictor(tmp_path):
    """Opens a model whose score is the brightness divided by a number, with kernels of one's choice."""

    def opened(divide_by=1.0, kernels="default"):
        write_brightness_bundle(tmp_path / "a.bundle", BundleRecipe(divide_by=divide_by))
        return Predictor.load(read_bundle(tmp_path / "a.bundle"), kernels=kernels)

    return opened


def brightness(scores):
    return [pytest.approx(float(one.values[0]), abs=0.01) for one in scores]


def test_answers_keep_the_order_of_inputs_and_models(predictor):
    whole, half = Answers(SAMPLES).of([predictor(), predictor(2.0)])
    assert brightness(whole) == [0, 0.2, 1]
    assert brightness(half) == [0, 0.1, 0.5]


def test_a_model_that_was_asked_before_is_not_run_again(predictor, runs):
    answers = Answers(SAMPLES)
    first = answers.of([predictor()])
    assert answers.of([predictor(), predictor(2.0)])[0] is first[0]
    assert len(runs) == 2 * len(SAMPLES)


def test_other_kernels_are_another_model(predictor, runs):
    Answers(SAMPLES).of([predictor(), predictor(kernels="builtin")])
    assert len(runs) == 2 * len(SAMPLES)


def test_progress_ends_at_the_whole(predictor):
    told = []
    Answers(SAMPLES).of([predictor(), predictor(2.0)], told.append)
    assert told == sorted(told)
    assert told[-1] == 1
