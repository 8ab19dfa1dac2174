"""The default kernels are judged and the builtin ones quoted beside them, each by name."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from converters.conversion import convert
from converters.conversion_document import ConversionDocument
from converters.gate.verify import Comparison, judge, other_kernels_note
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from lepton.cli import main
from tests.fakes.models import BundleRecipe, write_brightness_bundle

pytestmark = pytest.mark.usefixtures("warm_children")

BOARD = load_profile("rpi-4b")
SCORES = np.ones(4)


@pytest.fixture
def model_and_pictures(tmp_path):
    write_brightness_bundle(tmp_path / "float.bundle", BundleRecipe(changes={"profile": "none"}))
    (tmp_path / "pictures").mkdir()
    for grey in range(40, 240, 20):
        cv2.imwrite(str(tmp_path / f"pictures/{grey}.png"), np.full((20, 20, 3), grey, np.uint8))
    return tmp_path / "float.bundle", tmp_path / "pictures"


def test_both_kernel_sets_are_in_the_card_with_their_names(model_and_pictures, tmp_path):
    model, pictures = model_and_pictures
    card = convert(model, profile=BOARD, calibration=str(pictures), out=tmp_path / "part.bundle").card
    where = {metric.name: metric.where for metric in card.metrics}
    assert "xnnpack" in card.gate.kernels
    assert "xnnpack kernels" in where["score_shift"]
    assert "builtin kernels" in where["score_shift_builtin"]
    assert "builtin kernels" in where["signal_to_noise_db_builtin"]


def test_the_json_document_is_what_its_schema_says(model_and_pictures, tmp_path):
    model, pictures = model_and_pictures
    options = ["--profile", "rpi-4b", "--calibration", str(pictures), "-o", str(tmp_path / "p.bundle"), "--json"]
    told = CliRunner().invoke(main, ["convert", str(model), *options])
    document = ConversionDocument.model_validate_json(told.stdout)
    card = document.card
    assert read_bundle(tmp_path / "p.bundle").digest == document.digest
    assert {step.name for step in document.steps} >= {"load", "verify"}
    assert {"sparsity", "size"} <= set(card.details)
    assert card.details["size"]["steps"][-1]["bytes"] == next(
        metric.value for metric in card.metrics if metric.name == "model_bytes"
    )


def compared(shift, other_shift):
    other = Comparison(4, 40.0, SCORES, SCORES, score_shift=other_shift, kernels="litert 2, builtin")
    return Comparison(4, 40.0, SCORES, SCORES, score_shift=shift, kernels="litert 2, xnnpack", other=other)


def test_kernels_that_alone_would_be_refused_are_told():
    assert "litert 2, builtin kernels would be refused: wanted scores within 3 %" in other_kernels_note(
        compared(0.01, 0.05), BOARD.limits
    )


@pytest.mark.parametrize("shifts", [(0.01, 0.01), (0.05, 0.05), (0.05, 0.01)])
def test_nothing_is_told_where_both_pass_or_the_gate_refuses_anyway(shifts):
    assert other_kernels_note(compared(*shifts), BOARD.limits) == ""


def test_a_refusal_quotes_both_kernel_sets():
    (reason,) = judge(compared(0.05, 0.04), BOARD.limits, random_inputs=False, force=False).reasons
    assert reason.endswith("found 5.00 % apart (xnnpack kernels; 4.00 % apart with builtin ones)")
