"""A bundle of an ONNX model: judged with both kernel sets, the tools and the inputs named in it."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest

from converters.bundle.last_integers import last_steps
from converters.conversion import GateRefused, convert
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from edge_runtime.infer.predictor import GoldenMismatch, Predictor
from tests.fakes.onnx_models import detector, gemm

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_onnx_children")]


@pytest.fixture
def model(tmp_path):
    """Eight numbers to three, by weights whose products saturate where they are added in pairs of 16 bits."""
    weights = np.random.default_rng(4).standard_normal((8, 3)).astype(np.float32)
    path = tmp_path / "weights.onnx"
    path.write_bytes(gemm(weights, np.zeros((1, 3), np.float32), 1))
    return path


def inputs(seed=0):
    drawn = np.random.default_rng(seed)
    return [drawn.uniform(0.5, 1, (1, 8)).astype(np.float32) for _ in range(24)]


def converted(model, arrays=None, board="x86-64", **changes):
    out = model.parent / "out.bundle"
    return convert(model, profile=board, calibration=arrays or inputs(), out=out, **{"form": "onnx", **changes})


@pytest.mark.parametrize("board", ["x86-64", "jetson-nano", "jetson-orin-nano"])
def test_both_kernel_sets_are_compared_and_agree(model, board):
    done = converted(model, board=board)
    ours, theirs = done.comparison, done.comparison.other
    assert [one.kernels.rpartition(", ")[2] for one in (ours, theirs)] == ["CPUExecutionProvider", "builtin"]
    assert ours.signal_to_noise_db == pytest.approx(theirs.signal_to_noise_db, abs=1)
    assert {"signal_to_noise_db", "signal_to_noise_db_builtin"} <= {metric.name for metric in done.card.metrics}
    assert b"builtin</th>" in read_bundle(done.path).members["report.html"]


def test_a_golden_has_room_for_two_integer_steps_and_none_for_sums_that_saturate(model):
    bundle = read_bundle(converted(model).path)
    (tolerance,) = bundle.manifest.golden.tolerance.values()
    largest = max(abs(Predictor.load(bundle).predict_tensor(one).outputs["y"]).max() for one in inputs())
    assert 2 * last_steps(bundle.model, inputs())["y"] <= tolerance < 0.03 * largest


@pytest.mark.parametrize(("board", "integers"), [("x86-64", "sides"), ("jetson-orin-nano", "features")])
def test_a_golden_of_boxes_beside_scores_has_room_for_a_step_of_the_boxes_and_not_for_many(tmp_path, board, integers):
    """Joined in float; behind `sides` nothing is computed, behind a channel of `features` the boxes are."""
    path = tmp_path / "detector.onnx"
    path.write_bytes(detector(640.0))
    arrays = [np.random.default_rng(place).uniform(0, 1, (1, 3, 16, 16)).astype(np.float32) for place in range(24)]
    bundle = read_bundle(converted(path, arrays, board).path)
    assert bundle.manifest.golden.tolerance["y"] < 0.1 * 640
    for steps in (1, -1):
        Predictor.load(moved(bundle, integers, steps)).verify_goldens()
    with pytest.raises(GoldenMismatch, match=r"wanted output 'y' within [0-9.]+ of golden/"):
        Predictor.load(moved(bundle, integers, 8)).verify_goldens()


def moved(bundle, integers, steps):
    """The bundle as on a board that makes the first channel of these integers so many steps too large."""
    model = onnx.load_from_string(bundle.model)
    real = f"{integers}_DequantizeLinear_Output"
    (place,) = (place for place, node in enumerate(model.graph.node) if real in node.output)
    (scale,) = (stored for stored in model.graph.initializer if stored.name == f"{integers}_scale")
    by = steps * onnx.numpy_helper.to_array(scale) * np.eye(4 if integers == "sides" else 8, 1, dtype=np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(by[..., None], "by"))
    model.graph.node[place].output[0] = "unmoved"
    model.graph.node.insert(place + 1, onnx.helper.make_node("Add", ["unmoved", "by"], [real]))
    members = {**bundle.members, bundle.manifest.model_path: model.SerializeToString()}
    return replace(bundle, members=members)


@pytest.mark.parametrize(("board", "said"), [("x86-64", 0), ("jetson-nano", 1), ("jetson-orin-nano", 1)])
def test_the_card_says_whose_kernels_decided_where_the_boards_are_not_here(model, board, said, monkeypatch):
    monkeypatch.setattr("converters.remarks.platform.machine", lambda: "x86_64")
    notes = [note for note in converted(model, board=board).card.notes if note.startswith("the gate judged onnx")]
    assert len(notes) == said
    assert all(f"like those of {board} they sum int8 products exactly" in note for note in notes)


def test_the_card_claims_no_int8_sums_of_a_float16_file(model):
    profile = load_profile("jetson-orin-nano")
    wanted = profile.quantisation.model_copy(update={"activations": ("float16", "float32"), "symmetric": False})
    notes = converted(model, board=profile.model_copy(update={"quantisation": wanted})).card.notes
    assert any("float16 arithmetic" in note for note in notes)
    assert not any("int8" in note for note in notes)


def test_the_provenance_tells_inputs_of_the_same_number_apart(model):
    bundles = []
    for seed in (0, 0, 1):
        made = converted(model, inputs(seed))
        bundles.append(read_bundle(made.path))
        assert bundles[-1].digest == made.digest
    assert bundles[0].digest == bundles[1].digest
    assert bundles[0].digest != bundles[2].digest
    told = [bundle.manifest.provenance[-1].inputs for bundle in bundles]
    assert told[0] == told[1]
    assert told[0]["calibration"] == told[2]["calibration"]
    assert told[0]["calibration_sha256"] != told[2]["calibration_sha256"]
    fed = b"".join(values.astype("<f4").tobytes() for values in inputs(0))
    assert told[0]["calibration_sha256"] == hashlib.sha256(fed).hexdigest()


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("onnx", ["lepton-edge", "numpy", "onnx", "onnxruntime"]),
        ("tflite", ["lepton-edge", "numpy", "ai-edge-litert", "onnx", "onnxruntime"]),
    ],
)
def test_the_bill_of_materials_names_what_took_part(model, form, wanted):
    assert [name for name, _ in tools(read_bundle(converted(model, form=form).path))] == wanted


def tools(bundle):
    found = json.loads(bundle.members["sbom.cdx.json"])["metadata"]["tools"]["components"]
    return [(tool["name"], tool["version"]) for tool in found]


ONE_SCALE = {
    "onnx": ("converters.quantize.onnx.quantizer.unlike_joins", lambda _model, _seen: ()),
    "tflite": ("converters.quantize.workbench.unlike_joins", lambda _graph, _rules, _seen: frozenset()),
}


@pytest.mark.parametrize(("form", "board"), [("onnx", "x86-64"), ("tflite", "rpi-4b")])
def test_scores_that_share_the_scale_of_their_boxes_are_refused_by_name(tmp_path, monkeypatch, form, board):
    path = tmp_path / "detector.onnx"
    path.write_bytes(detector(640.0))
    arrays = [np.random.default_rng(place).uniform(0, 1, (1, 3, 16, 16)).astype(np.float32) for place in range(24)]
    assert converted(path, arrays, board, form=form).card.gate.verdict == "passed"
    monkeypatch.setattr(*ONE_SCALE[form])
    with pytest.raises(GateRefused, match=r"wanted 10 dB .* in the scores 'scores.*' in output 'y'"):
        converted(path, arrays, board, form=form)
    figures = {metric.name: metric for metric in converted(path, arrays, board, form=form, force=True).card.metrics}
    assert figures["signal_to_noise_db"].value > 30
    assert figures["part_signal_to_noise_db"].value < 10
    assert figures["part_signal_to_noise_db"].where.startswith("the scores 'scores")


@pytest.mark.parametrize(("form", "board"), [("onnx", "x86-64"), ("tflite", "rpi-4b")])
def test_an_upscaler_of_pictures_with_dark_upper_rows_is_converted(tmp_path, form, board):
    """Those rows lie between 0 and 1, as scores do, beside rows of up to 255."""
    path = tmp_path / "upscaler.onnx"
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["": 13]>
        g (float[1, 3, 16, 16] x) => (float[1, 3, 32, 32] y)
        <float[4] twice = {1, 1, 2, 2}, float[3, 3, 1, 1] same = {1, 0, 0, 0, 1, 0, 0, 0, 1}>
        { c = Conv(x, same) r = Relu(c) y = Resize<mode = "nearest", nearest_mode = "floor",
            coordinate_transformation_mode = "asymmetric">(r, , twice) }""")
    path.write_bytes(model.SerializeToString())
    arrays = np.random.default_rng(0).uniform(0, 255, (24, 1, 3, 16, 16)).astype(np.float32)
    arrays[:, :, :, :2] /= 500
    done = converted(path, list(arrays), board, form=form)
    assert done.card.gate.verdict == "passed"
    assert done.comparison.signal_to_noise_db > 40
