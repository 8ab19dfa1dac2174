"""A converted bundle's card tells what the board's accelerators would run, before anyone asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.conversion import convert
from edge_contracts.bundle import read_bundle
from tests.fakes.onnx_models import marked_best

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_children")


@pytest.fixture
def digits() -> list[np.ndarray[Any, Any]]:
    drawn = np.random.default_rng(5).uniform(0, 255, (8, 1, 1, 28, 28))
    return list(drawn.astype(np.float32))


def test_a_jetsons_bundle_tells_that_tensorrt_runs_it_whole(
    data: Path, tmp_path: Path, digits: list[np.ndarray[Any, Any]]
) -> None:
    out = tmp_path / "digits.bundle"
    convert(
        data / "onnx/mnist/model.onnx", profile="jetson-orin-nano", calibration=digits, out=out, form="onnx", force=True
    )
    card = read_bundle(out).card
    assert card is not None
    assert [(each["delegate"], each["fits"]) for each in card.details["delegates"]] == [("tensorrt", True)]


def test_a_card_says_what_the_boards_accelerator_leaves_behind(tmp_path: Path) -> None:
    model, out = tmp_path / "best.onnx", tmp_path / "best.bundle"
    model.write_bytes(marked_best())
    drawn = list(np.random.default_rng(6).normal(size=(8, 1, 8)).astype(np.float32))
    convert(model, profile="jetson-orin-nano", calibration=drawn, out=out, form="onnx", force=True)
    card = read_bundle(out).card
    assert card is not None
    assert any("it leaves Hardmax at" in note for note in card.notes)
