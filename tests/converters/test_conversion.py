"""From a model to a bundle: judged by the board's own code, the same bytes for the same inputs, or nothing at all."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from converters.bundle.pack import KernelsDisagree
from converters.conversion import GateRefused, convert
from converters.load import Description
from converters.tflite import write_tflite
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.infer.predictor import Predictor
from edge_runtime.preprocess import byte_table
from lepton.cli import main
from tests.fakes.models import BundleRecipe, undecided_graph, write_brightness_bundle

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

BOARD = load_profile("rpi-4b")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(12):
        smooth = cv2.GaussianBlur(rng.integers(0, 256, (60, 80, 3)).astype(np.uint8), (0, 0), 3)
        cv2.imwrite(str(folder / f"{index}.png"), smooth)
    return folder


@pytest.fixture
def detector(tmp_path):
    path = tmp_path / "float.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.5, changes={"profile": "none"}))
    return path


def converted(model, pictures, out, **changes):
    return convert(model, profile=BOARD, calibration=str(pictures), out=out, **changes)


def test_a_detector_keeps_its_scores_its_threshold_and_gets_goldens(detector, pictures, tmp_path):
    out = tmp_path / "part.bundle"
    done = converted(detector, pictures, out)
    predictor = Predictor.open(out)
    predictor.verify_goldens()
    assert predictor.digest == done.digest
    assert predictor.manifest.profile == "rpi-4b"
    assert predictor.manifest.rule.threshold == pytest.approx(0.5, rel=1e-3)
    assert len(predictor.manifest.golden.goldens) == 3
    assert done.card.gate.verdict == "passed"
    np.testing.assert_allclose(done.comparison.scores, done.comparison.scores_float, rtol=1e-5)


def test_labelled_pictures_hold_a_detector_to_its_auroc(detector, pictures, tmp_path):
    for label, names in (("good", range(6)), ("scratched", range(6, 12))):
        (pictures / label).mkdir()
        for name in names:
            (pictures / f"{name}.png").rename(pictures / label / f"{name}.png")
    done = converted(detector, pictures, tmp_path / "part.bundle")
    assert done.comparison.auroc == done.comparison.auroc_float
    assert {metric.name for metric in done.card.metrics} >= {"auroc", "auroc_float"}


@pytest.mark.parametrize(
    ("name", "becomes"), [("part-float", "part"), ("float-part", "float-part"), ("-float", "-float")]
)
def test_a_converted_bundle_is_not_called_float(pictures, tmp_path, name, becomes):
    path = tmp_path / "float.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.5, changes={"profile": "none", "name": name}))
    done = converted(path, pictures, tmp_path / "out.bundle")
    assert read_bundle(done.path).manifest.name == becomes


def test_copies_and_blackness_are_told_of_a_detector_too(detector, pictures, tmp_path):
    for path in pictures.iterdir():
        cv2.imwrite(str(path), np.zeros((60, 80, 3), np.uint8))
    notes = converted(detector, pictures, tmp_path / "part.bundle").card.notes
    assert "11 of 12 inputs are near copies of others: give 19 more that differ" in notes
    assert any("black or burnt out: check the exposure" in note for note in notes)


def test_random_inputs_do_not_move_a_threshold(detector, tmp_path):
    done = convert(detector, profile=BOARD, calibration="random", out=tmp_path / "part.bundle")
    assert read_bundle(done.path).manifest.rule.threshold == 0.5


def test_the_precision_is_what_the_operators_compute_in(detector, pictures, tmp_path):
    manifest = read_bundle(converted(detector, pictures, tmp_path / "part.bundle").path).manifest
    assert manifest.precision == "float16"


def test_the_same_inputs_make_the_same_digest(detector, pictures, tmp_path):
    first, second = (converted(detector, pictures, tmp_path / f"{name}.bundle") for name in "ab")
    assert first.digest == second.digest
    one, other = read_bundle(first.path).members, read_bundle(second.path).members
    assert {path for path in one if one[path] != other[path]} <= {"card.json", "report.html"}


def test_pictures_become_int8_camera_bytes_without_arithmetic(data, pictures, tmp_path):
    model = data / "mlperf-tiny/vww_96_float.tflite"
    done = converted(model, pictures, tmp_path / "vww.bundle", description=Description(labels=("none", "person")))
    manifest = read_bundle(done.path).manifest
    assert (manifest.precision, manifest.input.dtype) == ("int8", "int8")
    assert manifest.input.quantisation.zero_point == -128
    assert manifest.input.quantisation.scale == pytest.approx(1 / 255)
    assert set(manifest.operators) >= {"CONV_2D", "DEPTHWISE_CONV_2D"}
    figures = {metric.name: metric.value for metric in done.card.metrics}
    assert figures["model_bytes"] < figures["float_model_bytes"] / 3
    assert figures["model_bytes"] == len(read_bundle(done.path).model)


def test_a_model_of_normalised_pixels_takes_camera_bytes_without_arithmetic_too(data, pictures, tmp_path):
    model = data / "mlperf-tiny/vww_96_float.tflite"
    said = Description(labels=("none", "person"), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), colour="bgr")
    done = converted(model, pictures, tmp_path / "vww.bundle", description=said, force=True)
    bundle = read_bundle(done.path)
    spec = bundle.manifest.input
    assert (spec.dtype, spec.colour, spec.std) == ("int8", "rgb", (255.0,))
    assert (byte_table(spec) == np.arange(-128, 128)).all()
    assert bundle.card.details["preprocessing"]["border"] == "frame"
    assert bundle.card.details["calibration"]["distinct"] == 12
    assert bundle.card.details["calibration"]["sentences"][0] == "12 inputs, all different: give 8 more"
    assert bundle.card.details["preprocessing"]["deviation"] < 0.01
    assert any(note.startswith("camera bytes go in without arithmetic") for note in bundle.card.notes)
    assert bundle.manifest.provenance[-1].settings["preprocessing"] == "frame"


def test_an_onnx_model_becomes_an_int8_onnx_bundle(data, tmp_path):
    arrays = tmp_path / "digits"
    arrays.mkdir()
    for index, folder in enumerate(sorted((data / "onnx/mnist").glob("test_data_set_*"))):
        raw = (folder / "input_0.pb").read_bytes()[-28 * 28 * 4 :]
        np.save(arrays / f"{index}.npy", np.frombuffer(raw, np.float32).reshape(1, 1, 28, 28))
    done = converted(data / "onnx/mnist/model.onnx", arrays, tmp_path / "mnist.bundle", form="onnx")
    assert done.comparison.agreement == 1
    assert read_bundle(done.path).manifest.runtime == "onnx"
    Predictor.open(done.path).verify_goldens()


@pytest.fixture
def undecided(tmp_path):
    """A model whose classes int8 cannot tell apart."""
    path = tmp_path / "undecided.tflite"
    path.write_bytes(write_tflite(undecided_graph()))
    return path


def test_the_gate_refuses_names_the_loss_and_writes_nothing(undecided, pictures, tmp_path):
    out = tmp_path / "out" / "x.bundle"
    out.parent.mkdir()
    with pytest.raises(
        GateRefused, match=r"wanted the float model's class on 95 .*12 inputs are few to judge by: give 20 .*--force"
    ):
        converted(undecided, pictures, out)
    assert list(out.parent.iterdir()) == []


def test_force_packs_it_and_the_card_remembers(undecided, pictures, tmp_path):
    done = converted(undecided, pictures, tmp_path / "x.bundle", force=True)
    gate = read_bundle(done.path).card.gate
    assert gate.verdict == "forced"
    assert "wanted the float model's class" in gate.reasons[0]


def test_random_calibration_reports_and_never_refuses(data, tmp_path):
    model = data / "tflite-support/mobilenet_v1_0.25_224_1_default_1.tflite"
    done = convert(model, profile=BOARD, calibration="random", out=tmp_path / "x.bundle")
    assert done.card.gate.verdict == "reported"
    assert "random" in done.card.calibration
    assert "calibration" not in done.card.details


def test_an_int8_bundle_is_not_converted_twice(detector, pictures, tmp_path):
    first = converted(detector, pictures, tmp_path / "part.bundle")
    with pytest.raises(BadInputError, match="wanted a float bundle to convert"):
        converted(first.path, pictures, tmp_path / "again.bundle")


def test_a_board_that_cannot_run_the_format_is_refused(detector, pictures, tmp_path):
    only_onnx = BOARD.model_copy(update={"runtimes": tuple(r for r in BOARD.runtimes if r.name == "onnx")})
    with pytest.raises(BadInputError, match="wanted a litert or tflite runtime for this tflite model"):
        convert(detector, profile=only_onnx, calibration=str(pictures), out=tmp_path / "part.bundle")


def test_a_broken_picture_among_the_calibration_is_named(detector, pictures, tmp_path):
    (pictures / "5.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BadInputError, match=r"5\.png"):
        converted(detector, pictures, tmp_path / "part.bundle")


@pytest.mark.parametrize(
    "file",
    [
        "coral-test-data/model_invoking_error.tflite",
        "coral-test-data/mobilenet_v1_0.25_128_quant_edgetpu.tflite",
        "tflite-micro/person_detect.tflite",
    ],
)
def test_a_wrong_model_on_the_command_line_is_one_sentence_and_code_2(data, tmp_path, file):
    out = tmp_path / "x.bundle"
    command = ["convert", data / file, "--profile", "rpi-4b", "--calibration", "random", "-o", out]
    said = CliRunner().invoke(main, [str(word) for word in command])
    assert said.exit_code == 2, said.output
    assert said.output.startswith("lepton: ")
    assert not out.exists()


def test_the_command_line_speaks_json(detector, pictures, tmp_path):
    out = tmp_path / "part.bundle"
    command = ["convert", detector, "--profile", "rpi-4b", "--calibration", pictures, "-o", out, "--json"]
    said = CliRunner().invoke(main, [str(word) for word in command])
    assert said.exit_code == 0, said.output
    document = json.loads(said.stdout)
    assert document["digest"] == read_bundle(out).digest
    inspected = json.loads(CliRunner().invoke(main, ["bundle", "inspect", str(out), "--json"]).stdout)
    assert {"model.tflite", "manifest.json", "card.json", "report.html", "sbom.cdx.json"} <= {
        file["path"] for file in inspected["files"]
    }
    assert inspected["metrics"]["model_bytes"]["value"] == document["card"]["metrics"][0]["value"]


def test_a_model_is_never_overwritten_by_its_own_bundle(detector, pictures):
    before = detector.read_bytes()
    with pytest.raises(BadInputError, match="is the model itself"):
        converted(detector, pictures, detector)
    assert detector.read_bytes() == before


def test_what_is_overwritten_is_an_older_bundle_and_is_named(detector, pictures, tmp_path):
    first = converted(detector, pictures, tmp_path / "part.bundle")
    assert converted(detector, pictures, first.path).replaced == first.digest
    mine = tmp_path / "notes.txt"
    mine.write_text("keep me\n")
    with pytest.raises(BadInputError, match="no whole bundle"):
        converted(detector, pictures, mine)
    assert mine.read_text() == "keep me\n"


def test_a_bundle_that_does_not_judge_and_a_thin_calibration_are_noted(data, pictures, tmp_path):
    done = converted(data / "mlperf-tiny/vww_96_float.tflite", pictures, tmp_path / "vww.bundle")
    notes = " ".join(done.card.notes)
    assert "name its classes with --labels and the good ones with --good" in notes
    assert "compared on 12 inputs only" in notes
    assert done.comparison.accuracy is None
    assert "no accuracy" not in notes


def test_folders_that_name_no_class_are_noted_and_strays_refused(data, pictures, tmp_path):
    for label, names in (("NG", range(6)), ("OK", range(6, 12))):
        (pictures / label).mkdir()
        for name in names:
            (pictures / f"{name}.png").rename(pictures / label / f"{name}.png")
    model, said = data / "mlperf-tiny/vww_96_float.tflite", Description(labels=("bad", "good"))
    done = converted(model, pictures, tmp_path / "vww.bundle", description=said, force=True)
    assert any("no accuracy: none of the folders NG, OK is called as a class" in note for note in done.card.notes)
    (pictures / "OK").rename(pictures / "Good")
    with pytest.raises(BadInputError, match="rename Good to good"):
        converted(model, pictures, tmp_path / "vww.bundle", description=said)


def test_black_copies_of_a_thumbnail_are_told_beside_the_verdict(data, tmp_path):
    folder = tmp_path / "black"
    folder.mkdir()
    for index in range(22):
        cv2.imwrite(str(folder / f"{index}.png"), np.zeros((2, 3, 3), np.uint8))
    done = converted(data / "mlperf-tiny/vww_96_float.tflite", folder, tmp_path / "vww.bundle", force=True)
    assert {
        "22 of 22 pictures are smaller than the model's input of 96×96 px, the smallest 3×2: give them as the camera "
        "takes them",
        "21 of 22 inputs are near copies of others: give 19 more that differ",
        "100 % of the pixels given prove nothing, black or burnt out: check the exposure",
    } <= set(done.card.notes)


@pytest.fixture
def digits(data, tmp_path):
    folder = tmp_path / "arrays"
    folder.mkdir()
    for index, source in enumerate(sorted((data / "onnx/mnist").glob("test_data_set_*"))):
        raw = (source / "input_0.pb").read_bytes()[-28 * 28 * 4 :]
        np.save(folder / f"{index}.npy", np.frombuffer(raw, np.float32).reshape(1, 1, 28, 28))
    return folder


def test_an_onnx_model_becomes_tflite_for_a_board_that_runs_that_best(data, digits, tmp_path):
    done = converted(data / "onnx/mnist/model.onnx", digits, tmp_path / "mnist.bundle")
    manifest = read_bundle(done.path).manifest
    assert (manifest.runtime, manifest.precision, manifest.input.shape) == ("tflite", "int8", (1, 28, 28, 1))
    assert [step.step for step in manifest.provenance] == ["import", "lower", "convert"]
    (size,) = [metric for metric in done.card.metrics if metric.name == "float_model_bytes"]
    assert size.where == "as TFLite, not the file that was given"
    assert done.comparison.agreement == 1
    Predictor.open(done.path).verify_goldens()


def test_an_onnx_model_stays_onnx_for_a_board_that_runs_that_best(data, digits, tmp_path):
    out, board = tmp_path / "mnist.bundle", load_profile("jetson-orin-nano")
    done = convert(data / "onnx/mnist/model.onnx", profile=board, calibration=str(digits), out=out)
    assert read_bundle(done.path).manifest.runtime == "onnx"


def test_a_face_detector_takes_pictures_channels_last(data, pictures, tmp_path):
    said = Description(pixel_range=(-1.0, 1.0))
    done = converted(data / "onnx/ultraface-RFB-320.onnx", pictures, tmp_path / "faces.bundle", description=said)
    spec = read_bundle(done.path).manifest.input
    assert (spec.layout, spec.height_px, spec.width_px, spec.dtype) == ("NHWC", 240, 320, "int8")


def test_what_cannot_be_lowered_is_an_error_that_names_the_way_out(tmp_path):
    path = tmp_path / "sums.onnx"
    path.write_bytes(onnx_model("CumSum"))
    with pytest.raises(BadInputError, match=r"node 'total' \(CumSum.*To keep sums\.onnx as ONNX, give --format onnx"):
        converted(path, "random", tmp_path / "sums.bundle")
    assert not (tmp_path / "sums.bundle").exists()


def test_a_format_that_the_model_is_not_in_is_refused(detector, pictures, tmp_path):
    with pytest.raises(BadInputError, match="wanted an ONNX model for the format onnx, found a tflite one"):
        converted(detector, pictures, tmp_path / "part.bundle", form="onnx")


def test_an_open_size_is_the_one_that_the_user_says(pictures, tmp_path):
    path = tmp_path / "open.onnx"
    path.write_bytes(open_onnx_model())
    with pytest.raises(BadInputError, match="wanted a fixed size for axis 2"):
        converted(path, pictures, tmp_path / "open.bundle")
    done = converted(path, pictures, tmp_path / "open.bundle", description=Description(input_size=(48, 64)))
    spec = read_bundle(done.path).manifest.input
    assert (spec.height_px, spec.width_px) == (48, 64)


def test_a_size_that_changes_nothing_is_refused(data, pictures, tmp_path):
    model = data / "mlperf-tiny/vww_96_float.tflite"
    with pytest.raises(BadInputError, match="leave the size out"):
        converted(model, pictures, tmp_path / "part.bundle", description=Description(input_size=(48, 64)))


def test_a_classifier_that_answers_nan_in_int8_is_never_packed(tmp_path):
    path, out = tmp_path / "nan.onnx", tmp_path / "nan.bundle"
    path.write_bytes(dividing_onnx_model())
    dark = [np.random.default_rng(place).integers(20, 30, (32, 32, 3), np.uint8) for place in range(30)]
    given = [
        np.full((32, 32, 3), 250, np.uint8) if place % 3 == 0 and place < 15 else dark[place] for place in range(30)
    ]
    said = Description(labels=("good", "bad"), good=("good",))
    wishes = {"profile": "jetson-nano", "calibration": given, "out": out, "description": said}
    with pytest.raises(GateRefused, match=r"found NaN or infinity for \d+ of 30 inputs"):
        convert(path, **wishes)
    # The first golden is answered, the others are not.
    with pytest.raises(KernelsDisagree, match="found output 'y' NaN or infinite"):
        convert(path, force=True, **wishes)
    assert not out.exists()


def dividing_onnx_model():
    """x⁴ / the sum of x⁴: of dark pictures the integers of the sum are 0."""
    onnx = pytest.importorskip("onnx")
    make = onnx.helper.make_node
    nodes = [
        make("GlobalAveragePool", ["x"], ["p"]),
        make("Flatten", ["p"], ["f"]),
        make("MatMul", ["f", "w"], ["a"]),
        make("Mul", ["a", "a"], ["b"]),
        make("Mul", ["b", "b"], ["c"]),
        make("ReduceSum", ["c", "axis"], ["s"], keepdims=1),
        make("Div", ["c", "s"], ["y"]),
    ]
    sizes = {"x": [1, 3, 32, 32], "y": [1, 2]}
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size) for name, size in sizes.items()]
    constants = {"w": np.array([[1, 0.5]] * 3, np.float32), "axis": np.array([1], np.int64)}
    given = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = onnx.helper.make_graph(nodes, "g", values[:1], values[1:], given)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def open_onnx_model():
    onnx = pytest.importorskip("onnx")
    sizes = (["n", 3, "h", "w"], ["n", 4, "h2", "w2"])
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
        for name, size in zip("xy", sizes, strict=True)
    ]
    weights = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], strides=[2, 2])
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:], [onnx.numpy_helper.from_array(weights, "w")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def onnx_model(kind):
    onnx = pytest.importorskip("onnx")
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4]) for name in ("x", "y")]
    axis = onnx.numpy_helper.from_array(np.array(1), "axis")
    node = onnx.helper.make_node(kind, ["x", "axis"], ["y"], name="total")
    graph = onnx.helper.make_graph([node], "sums", values[:1], values[1:], [axis])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()
