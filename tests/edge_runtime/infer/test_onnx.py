from __future__ import annotations

import logging

import numpy as np
import onnxruntime as ort
import pytest

from edge_runtime.infer import onnx as module
from edge_runtime.infer.backend import BackendError
from edge_runtime.infer.onnx import open_backend
from tests.fakes.onnx_models import brightness_classifier, largest_int8_products, one_int8_weight_twice, padded_maximum


def test_the_log_names_the_provider_that_runs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        backend = open_backend(brightness_classifier(), threads=1, kernels="builtin")
    assert backend.kernels == "builtin"
    assert "runs on CPUExecutionProvider" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_provider_that_does_not_start_is_missed_aloud(caplog: pytest.LogCaptureFixture) -> None:
    module._tell(["CUDAExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"])
    assert "wanted CUDAExecutionProvider, CPUExecutionProvider, found it running on CPUExecutionProvider" in caplog.text


def test_no_provider_outside_of_the_board_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["AzureExecutionProvider", "CPUExecutionProvider"])
    assert open_backend(brightness_classifier(), threads=1, kernels="default").kernels == "CPUExecutionProvider"


def test_padding_with_zeros_stays_zero_before_a_maximum() -> None:
    """ONNX Runtime 1.31 would move the Pad into the MaxPool, which pads with minus infinity."""
    for kernels in ("default", "builtin"):
        backend = open_backend(padded_maximum(), threads=1, kernels=kernels)
        answers = backend.run(lambda buffer: buffer.fill(-3.0))
        assert answers["y"][0, 0, 0, 0] == 0.0


def test_the_sum_of_two_int8_products_does_not_saturate() -> None:
    """An x86 processor without VNNI adds them in 16 bits unless it is told otherwise; others cannot fail here."""
    for kernels in ("default", "builtin"):
        backend = open_backend(largest_int8_products(), threads=1, kernels=kernels)
        answers = backend.run(lambda buffer: buffer.fill(255.0))
        np.testing.assert_allclose(answers["y"], 8 * 255 * 127, rtol=0.005)


@pytest.mark.parametrize("kernels", ["default", "builtin"])
def test_a_weight_of_two_int8_layers_does_not_keep_a_model_from_running(kernels: str) -> None:
    """On x86 without VNNI ONNX Runtime 1.32 fails to fuse such a file and to sum exactly; others cannot fail here."""
    backend = open_backend(one_int8_weight_twice(), threads=1, kernels=kernels)
    answers = backend.run(lambda buffer: buffer.fill(255.0))
    np.testing.assert_allclose(answers["y"], 255 * (8 * 127.0) ** 2, rtol=0.005)


def test_a_model_that_is_optimised_in_part_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_unless(monkeypatch, ort.GraphOptimizationLevel.ORT_ENABLE_BASIC)
    open_backend(brightness_classifier(), threads=1, kernels="default")
    assert "can run, found: no fusion; it runs unfused" in caplog.text


def test_a_model_that_no_optimisation_runs_gives_its_first_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_unless(monkeypatch, None)
    with pytest.raises(BackendError, match="can run, found: no fusion"):
        open_backend(brightness_classifier(), threads=1, kernels="default")


def fail_unless(monkeypatch: pytest.MonkeyPatch, level: object) -> None:
    """Sessions open with this level of optimisation alone."""
    real = ort.InferenceSession

    def opened(model: bytes, options: ort.SessionOptions, **others: object) -> object:
        if options.graph_optimization_level == level:
            return real(model, options, **others)
        everything = options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        raise RuntimeError("no fusion" if everything else "no model")

    monkeypatch.setattr(ort, "InferenceSession", opened)
