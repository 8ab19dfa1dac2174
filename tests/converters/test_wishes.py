"""What the profile and the user ask reaches the quantizer, and the card says what came of it."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from converters import convert
from converters.graph import Operator
from converters.quantize.affine import Affine
from converters.quantize.ranges import RULES
from converters.tflite import read_tflite, write_tflite
from converters.tflite.types import INT4
from converters.wishes import Wishes, recipe_for
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from lepton.cli import main
from tests.converters.doctor.conftest import CHANNELS, SIDE, draw_network
from tests.fakes.models import write_brightness_bundle

pytestmark = pytest.mark.usefixtures("warm_children")

PI = load_profile("rpi-4b")
CAMERA = Affine(1 / 255, -128)


def board(**quantisation):
    return PI.model_copy(update={"quantisation": PI.quantisation.model_copy(update=quantisation)})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "net.tflite"
    path.write_bytes(write_tflite(draw_network(layers=3)))
    return path


@pytest.fixture(scope="module")
def arrays():
    random = np.random.default_rng(1)
    return [random.standard_normal((1, SIDE, SIDE, CHANNELS)).astype(np.float32) for _ in range(12)]


def converted(model, arrays, home, **wishes):
    done = convert(model, profile="rpi-4b", calibration=arrays, out=home / "a.bundle", force=True, **wishes)
    bundle = read_bundle(done.path)
    return done, read_tflite(bundle.model), bundle.manifest.provenance[-1].settings


def test_weights_are_scaled_as_the_profile_says():
    assert recipe_for(board(weights="per_tensor", fully_connected="per_tensor"), Wishes(), None).per_channel == ()
    convolutions = recipe_for(board(fully_connected="per_tensor"), Wishes(), None).per_channel
    assert convolutions == ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
    assert recipe_for(PI, Wishes(), None).per_channel == (*convolutions, "FULLY_CONNECTED")


def test_a_board_that_wants_zero_points_of_0_gets_no_camera_bytes():
    assert recipe_for(PI, Wishes(), CAMERA).input == CAMERA
    recipe = recipe_for(board(symmetric=True), Wishes(), CAMERA)
    assert recipe.symmetric
    assert recipe.input is None


def test_nothing_stays_float_for_a_board_without_float_kernels_or_a_user_who_wants_none():
    assert recipe_for(PI, Wishes(), None).float_islands
    assert not recipe_for(PI, Wishes(mixed_precision="off"), None).float_islands
    assert not recipe_for(board(activations=("int8",)), Wishes(), None).float_islands


def test_int16_activations_reach_the_bundle_and_their_price_is_told(model, arrays, tmp_path):
    done, graph, settings = converted(model, arrays, tmp_path, activations="int16")
    assert graph.tensors[graph.inputs[0]].dtype == np.int16
    assert settings["activations"] == "int16"
    assert any("have no fast kernels for them" in note for note in done.card.notes)
    assert done.comparison.signal_to_noise_db > 45


def test_int4_weights_go_where_the_pattern_says(model, arrays, tmp_path):
    done, graph, settings = converted(model, arrays, tmp_path, int4=("conv1",))
    weights = {op.outputs[0]: graph.tensors[op.inputs[1]].dtype for op in graph.operators if op.kind == "CONV_2D"}
    assert weights == {"conv0": np.int8, "conv1": INT4, "conv2": np.int8}
    assert settings["int4"] == ["conv1"]
    assert any("int4 weights save bytes and no time" in note for note in done.card.notes)


def test_what_stays_float_by_itself_is_told(arrays, tmp_path):
    graph = draw_network(layers=2)
    graph.tensors["cosine"] = replace(graph.tensors["out"], name="cosine")
    graph.operators.append(Operator("COS", ["out"], ["cosine"]))
    graph.outputs = ["cosine"]
    (tmp_path / "net.tflite").write_bytes(write_tflite(graph))
    done, _, settings = converted(tmp_path / "net.tflite", arrays, tmp_path)
    assert settings["float_operators"]["COS"] == 1
    assert any("computed in float" in note and "1 COS" in note for note in done.card.notes)


@pytest.mark.parametrize("rule", ["min-max", "p99.99", "mse", "entropy"])
def test_a_calibration_rule_is_taken_at_its_word(rule, model, arrays, tmp_path):
    done, _, settings = converted(model, arrays, tmp_path, calibration_rule=rule)
    assert settings["range_rule"] == rule
    assert {one["name"] for one in done.card.details["doctor"]["tried"]} & set(RULES) == {rule}


def test_every_rule_can_be_asked_for_on_the_command_line(model):
    result = CliRunner().invoke(main, ["convert", str(model), "--calibration-rule", "middle"])
    assert result.exit_code == 2
    assert all(f"'{rule}'" in result.output for rule in ("best", *RULES))


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"calibration_rule": "middle"}, "wanted a calibration rule out of best, min-max"),
        ({"int4": ("conv1",), "activations": "int16"}, "wanted int4 weights beside int8 activations, found int16"),
        ({"int4": ("conv9",)}, "found none that conv9 names; mend the pattern"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_in_words(wishes, sentence, model, arrays, tmp_path):
    with pytest.raises(BadInputError, match=sentence):
        converted(model, arrays, tmp_path, **wishes)
    assert not (tmp_path / "a.bundle").exists()


@pytest.mark.parametrize(
    ("option", "wishes"),
    [
        ("--activations", {"activations": "int16"}),
        ("--int4", {"int4": ("*",)}),
        ("--calibration-rule", {"calibration_rule": "mse"}),
    ],
)
def test_a_wish_that_would_change_nothing_is_refused(option, wishes, tmp_path):
    write_brightness_bundle(tmp_path / "float.bundle")
    pictures = [np.zeros((8, 8, 3), np.uint8)] * 8
    with pytest.raises(BadInputError, match=f"for {option}, found a detector, which keeps its arithmetic; leave it"):
        converted(tmp_path / "float.bundle", pictures, tmp_path, **wishes)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"activations": "int4"}, "wanted activations int8 or int16, found 'int4'"),
        ({"mixed_precision": "on"}, "wanted mixed precision auto, off or a number of operators, found 'on'"),
        ({"mixed_precision": -1}, "found -1"),
        ({"mixed_precision": True}, "found True"),
    ],
)
def test_a_wish_that_nobody_knows_is_refused_at_once(wish, sentence):
    with pytest.raises(BadInputError, match=sentence):
        Wishes(**wish)
