"""MobileNetV1-0.25, whose depthwise layers lose most of what int8 can lose, keeps its answers with the remedies.

The figures are printed; `pytest -s` shows them.
"""

# ruff: noqa: T201 - the figures are for people

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import QuantizedModel, quantize
from converters.quantize.affine import Affine
from converters.tflite import read_tflite

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_children")

Array = np.ndarray[Any, Any]

MODEL = "tflite-support/mobilenet_v1_0.25_224_1_default_1.tflite"
LEAST_AGREEMENT = 0.83
"""Share of pictures, cut from photographs that calibration has not seen, with the float model's first class."""


@pytest.fixture(scope="module")
def pictures(data: Path) -> dict[str, list[Array]]:
    """1 x 224 x 224 x 3 float32, -1 to 1."""
    pytest.importorskip("cv2")
    from tests.fakes.photographs import crops  # noqa: PLC0415 - needs OpenCV

    return {
        half: [((crop[None] - 127.5) / 127.5).astype(np.float32) for crop in crops(data, 224, half)]
        for half in ("calibration", "judging")
    }


@pytest.fixture(scope="module")
def model(data: Path, pictures: dict[str, list[Array]]) -> QuantizedModel:
    return quantize(read_tflite((data / MODEL).read_bytes()), pictures["calibration"])


@pytest.mark.parametrize("kernels", Kernels)
def test_pure_int8_agrees_with_float(
    data: Path, pictures: dict[str, list[Array]], model: QuantizedModel, kernels: Kernels
) -> None:
    content = (data / MODEL).read_bytes()
    graph = read_tflite(content)
    feeds = [{graph.inputs[0]: picture} for picture in pictures["judging"]]
    before = [answer[0].argmax() for answer in run_all(content, feeds, kernels)]
    stored = Affine.of_tensor(model.graph.tensors[model.graph.inputs[0]])
    assert stored is not None
    int8 = [{name: stored.quantize(value) for name, value in feed.items()} for feed in feeds]
    after = [answer[0].argmax() for answer in run_all(model.content, int8, kernels)]
    share = float(np.mean(np.array(before) == np.array(after)))
    print(
        f"\nMobileNetV1-0.25, {kernels.value}: {share:.1%} of {len(feeds)} pictures as in float; {len(model.content)} B"
    )
    assert model.float_operators == {}
    assert share >= LEAST_AGREEMENT


def test_remedies_bought_what_ranges_could_not(model: QuantizedModel) -> None:
    by_name = {one.name: one for one in model.tried}
    for one in model.tried:
        print(one)
    assert by_name["second-order"].kept
    plain = max(by_name[rule].xnnpack_db or 0.0 for rule in ("mse", "min-max", "l2.5"))
    assert model.best.xnnpack_db > plain + 2
