"""A wish for mixed precision reaches the bundle, and the bundle says what came of it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from converters import convert
from converters.tflite import write_tflite
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.infer.predictor import Predictor
from lepton.cli import main
from tests.converters.doctor.conftest import draw_network, spoil_a_channel
from tests.fakes.models import write_brightness_bundle

pytestmark = pytest.mark.usefixtures("warm_children")


@pytest.fixture(scope="module")
def arrays(feeds):
    return [feed["image"] for feed in feeds]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "spoilt.tflite"
    path.write_bytes(write_tflite(draw_network(spoil_a_channel, layers=12)))
    return path


@pytest.fixture(scope="module")
def done(model, arrays, tmp_path_factory):
    return mixed(model, arrays, tmp_path_factory.mktemp("mixed") / "a.bundle", 1)


@pytest.fixture
def folder(arrays, tmp_path):
    (tmp_path / "arrays").mkdir()
    for place, array in enumerate(arrays):
        np.save(tmp_path / "arrays" / f"{place:02}.npy", array)
    return tmp_path / "arrays"


def mixed(model, arrays, out, wish):
    return convert(model, profile="rpi-4b", calibration=arrays, out=out, mixed_precision=wish, force=True)


def command(model, folder, home):
    return ["convert", str(model), "--profile", "rpi-4b", "--calibration", str(folder), "-o", str(home / "a.bundle")]


def test_the_bundle_names_what_stayed_float_and_runs(done):
    document = done.card.details["doctor"]
    kept = next(point["operators"] for point in document["islands"]["points"] if point["chosen"])
    manifest = read_bundle(done.path).manifest
    settings = manifest.provenance[-1].settings
    assert settings.get("kept_float", []) == kept
    assert manifest.precision == ("mixed" if kept else "int8")
    assert [layer["name"] for layer in document["layers"]][:2] == ["conv0", "conv1"]
    Predictor.open(done.path).verify_goldens()


def test_the_same_wish_makes_the_same_digest(done, model, arrays, tmp_path):
    assert mixed(model, arrays, tmp_path / "a.bundle", 1).digest == done.digest


def test_off_says_which_layers_lose_and_keeps_none_float(model, folder, tmp_path):
    result = CliRunner().invoke(
        main, [*command(model, folder, tmp_path), "--mixed-precision", "off", "--force", "--no-cache", "--json"]
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)["card"]["details"]["doctor"]
    assert document["islands"] is None
    assert 1 <= len(document["sentences"]) <= 3


@pytest.mark.parametrize("wish", ["0", "many", "-1", "1.5"])
def test_a_wish_that_is_no_number_of_operators_is_refused(wish, model, folder, tmp_path):
    result = CliRunner().invoke(main, [*command(model, folder, tmp_path), "--mixed-precision", wish])
    assert result.exit_code == 2
    assert "wanted --mixed-precision auto, off or a number of operators from 1" in result.output
    assert not (tmp_path / "a.bundle").exists()


def test_a_number_is_refused_where_nothing_becomes_int8(tmp_path):
    write_brightness_bundle(tmp_path / "float.bundle")
    pictures = [np.zeros((8, 8, 3), np.uint8)] * 8
    with pytest.raises(BadInputError, match="found a detector, which keeps its arithmetic; leave it out"):
        mixed(tmp_path / "float.bundle", pictures, tmp_path / "a.bundle", 2)
