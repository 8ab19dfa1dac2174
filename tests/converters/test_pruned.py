"""A model that a trainer pruned is accepted as it is, and what it no longer needs does not reach the board."""

import numpy as np
import pytest

from converters.conversion import convert
from converters.tflite import write_tflite
from edge_contracts.bundle import read_bundle
from tests.converters.sparsity.test_dead_channels import GIVEN, MADE, SIDE, Drawing
from tests.fakes.onnx_models import brightness_classifier

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

DEAD = 5


@pytest.fixture
def network():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    drawing.conv("b", "a", MADE, activation="RELU")
    drawing.conv("c", "b", 2)
    return drawing


def converted(drawing, folder):
    folder.mkdir()
    (folder / "arrays").mkdir()
    (folder / "net.tflite").write_bytes(write_tflite(drawing.graph))
    for index in range(24):
        values = np.random.default_rng(index).normal(size=(1, SIDE, SIDE, GIVEN)).astype(np.float32)
        np.save(folder / "arrays" / f"{index}.npy", values)
    return convert(folder / "net.tflite", profile="rpi-4b", calibration=folder / "arrays", out=folder / "net.bundle")


def test_pruned_filters_make_a_smaller_bundle_that_answers_as_the_float_model(network, tmp_path):
    whole = converted(network, tmp_path / "whole")
    network.kill("b", range(DEAD), bias=-1.0)
    pruned = converted(network, tmp_path / "pruned")
    bytes_of = [len(read_bundle(done.path).model) for done in (whole, pruned)]
    assert bytes_of[1] < bytes_of[0] - DEAD * 9 * MADE
    assert pruned.comparison.signal_to_noise_db > 25


def test_the_card_and_the_provenance_tell_what_went(network, tmp_path):
    network.kill("b", range(DEAD), bias=-1.0)
    done = converted(network, tmp_path / "pruned")
    found = done.card.details["sparsity"]
    assert found["removed_channels"] == DEAD
    assert found["float"]["structured"] == pytest.approx(DEAD * 9 * MADE / found["float"]["weights"])
    assert found["artefact"]["structured"] == 0
    assert read_bundle(done.path).manifest.provenance[-1].settings["removed_channels"] == DEAD
    assert any("5 dead channels" in step["name"] for step in done.card.details["size"]["steps"])


def test_zeros_of_a_model_that_stays_onnx_are_told_too(tmp_path):
    (tmp_path / "net.onnx").write_bytes(brightness_classifier())
    inputs = [np.full((1, 3, 8, 8), level, np.float32) for level in np.linspace(0, 1, 9)]
    done = convert(
        tmp_path / "net.onnx", profile="x86-64", calibration=inputs, out=tmp_path / "net.bundle", form="onnx"
    )
    assert done.card.details["sparsity"]["float"]["dense"] == 1.0
    assert [step["bytes"] for step in done.card.details["size"]["steps"]][1] == len(read_bundle(done.path).model)
