"""What a model costs a station in memory, measured where it can do no harm."""

import numpy as np
import pytest

from converters.gate.peak_memory import ModelDoesNotRunError, memory_misfit, peak_memory_bytes
from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite
from device_profiles import load_profile
from edge_contracts.errors import LeptonError

WEIGHTS = 4_000_000


def model(values):
    """A fully connected layer of so many float weights."""
    float32 = np.dtype(np.float32)
    tensors = [
        Tensor("in", (1, 1000), float32),
        Tensor("weights", (values // 1000, 1000), float32, np.ones((values // 1000, 1000), np.float32)),
        Tensor("out", (1, values // 1000), float32),
    ]
    options = {"keep_num_dims": False}
    operator = Operator("FULLY_CONNECTED", ["in", "weights", None], ["out"], options)
    return write_tflite(Graph({tensor.name: tensor for tensor in tensors}, [operator], ["in"], ["out"]))


def test_a_larger_model_takes_more_memory_by_its_weights():
    small, large = (peak_memory_bytes(model(values), "tflite") for values in (1000, WEIGHTS))
    assert large - small >= 4 * WEIGHTS
    assert large - small <= 4 * 4 * WEIGHTS


def test_a_model_that_the_runtime_refuses_is_refused_by_name():
    with pytest.raises(LeptonError, match=r"wanted a model that litert .* can run"):
        peak_memory_bytes(b"\0\0\0\0TFL3" + bytes(100), "tflite")


def test_a_model_that_does_not_end_is_given_up():
    with pytest.raises(ModelDoesNotRunError, match="it did not end within 0 s"):
        peak_memory_bytes(model(1000), "tflite", timeout_s=0.05)


def test_a_model_larger_than_the_boards_memory_does_not_fit_and_the_sentence_says_by_how_much():
    board = load_profile("rpi-4b")
    assert memory_misfit(1_024_000_000, board) is None
    assert memory_misfit(1_500_000_000, board) == (
        "wanted a model that runs within the 1024 MB of Raspberry Pi 4 Model B, found that it takes 1500 MB, "
        "476 MB too many"
    )
    assert memory_misfit(10**12, board.model_copy(update={"memory": None})) is None
