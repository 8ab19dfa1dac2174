"""`lepton convert` says no to damaged and hostile files in a sentence, with exit code 2, and writes nothing."""

import re
import zipfile

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite
from lepton.cli import main
from tests.converters.lower.onnx_models import drawn, one
from tests.converters.lower.test_refusals import DAMAGED

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_onnx_children")]

FLOAT = np.dtype("f4")
WEIGHTS = np.ones((2, 3, 3, 3), np.float32)
PROFILE = "rpi-4b"


SENTENCES = re.compile(
    r"wanted (a whole ONNX model|the weights inside the model|values of at most|a fixed size|numbers as weights|"
    r"a model with an output|only uncompressed)|gives NaN or infinity|LiteRT does not run|damaged or cut short"
)
"""What is said; any of them, so that no other error passes for a refusal of the file."""


def external(place):
    model = onnx.load_from_string(one("Add", (1, 4), np.ones(4, np.float32)))
    stored = model.graph.initializer[0]
    stored.ClearField("raw_data")
    stored.data_location = TensorProto.EXTERNAL
    stored.external_data.add(key="location", value=place)
    return model.SerializeToString()


def cyclic():
    model = onnx.load_from_string(one("Relu", (1, 3)))
    del model.graph.node[:]
    pairs = (("x", "b", "a"), ("a", "x", "b"))
    model.graph.node.extend(helper.make_node("Add", [left, right], [made]) for left, right, made in pairs)
    model.graph.node.append(helper.make_node("Relu", ["b"], ["y"]))
    return model.SerializeToString()


def shaped(*sizes):
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, sizes))
    return model.SerializeToString()


def with_weight(number):
    weights = WEIGHTS.copy()
    weights[0, 0, 0, 0] = number
    return one("Conv", (1, 3, 8, 8), weights)


def twice_named():
    model = onnx.load_from_string(DAMAGED)
    model.graph.node[1].output[0] = model.graph.node[0].output[0]
    return model.SerializeToString()


def tflite(shape=(1, 4), place=0, number=1.0):
    """x[place] times a number, in a shape."""
    constants = [Tensor("place", (1,), np.dtype("i4"), np.array([place], np.int32))]
    constants.append(Tensor("number", (1,), FLOAT, np.array([number], np.float32)))
    values = [Tensor("x", shape, FLOAT), Tensor("part", (1, 1), FLOAT), Tensor("y", (1, 1), FLOAT)]
    operators = [Operator("GATHER", ["x", "place"], ["part"], {"axis": 1}), Operator("MUL", ["part", "number"], ["y"])]
    return write_tflite(Graph({t.name: t for t in (*values, *constants)}, operators, ["x"], ["y"]))


ONNX = {
    "cut": DAMAGED[:200],
    "cyclic": cyclic(),
    "absolute place": external("/etc/passwd"),
    "place above": external("../weights.bin"),
    "missing place": external("weights.bin"),
    "2^31": shaped(1, 1 << 31),
    "negative": shaped(1, -5, 3),
    "rank 40": shaped(*[1] * 40),
    "product overflows": shaped(1, 1 << 33, 1 << 33),
    "NaN": with_weight(np.nan),
    "infinity": with_weight(np.inf),
    "two outputs of one name": twice_named(),
    "no nodes": drawn([], (1, 3), outputs=()),
}
TFLITE = {
    "cut": tflite()[:-40],
    "place beyond the end": tflite(place=1 << 30),
    "negative place": tflite(place=-9),
    "NaN": tflite(number=np.nan),
    "infinity": tflite(number=np.inf),
}


def refused(folder, model, *options):
    np.save(folder / "sample.npy", np.zeros(192, np.float32))  # one row: whole inputs of every model here
    out = folder / "out.bundle"
    before = sorted(folder.rglob("*"))
    command = ["convert", str(model), "--profile", PROFILE, "--calibration", str(folder), "-o", str(out), *options]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    assert sorted(folder.rglob("*")) == before
    assert "Traceback" not in result.output
    assert SENTENCES.search(result.output)
    return result.output


@pytest.mark.parametrize("form", ["tflite", "onnx"])
@pytest.mark.parametrize("name", ONNX)
def test_an_onnx_file_is_refused_in_words(tmp_path, name, form):
    (tmp_path / "model.onnx").write_bytes(ONNX[name])
    refused(tmp_path, tmp_path / "model.onnx", "--format", form)


@pytest.mark.parametrize("name", TFLITE)
def test_a_tflite_file_is_refused_in_words(tmp_path, name):
    (tmp_path / "model.tflite").write_bytes(TFLITE[name])
    refused(tmp_path, tmp_path / "model.tflite")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "weights.bin").symlink_to("/etc/passwd")
    (tmp_path / "model.onnx").write_bytes(external("weights.bin"))
    assert "another file" in refused(tmp_path, tmp_path / "model.onnx")


def test_a_bomb_for_a_bundle_is_refused_in_words(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.bundle", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"\0" * (32 << 20))
    assert "uncompressed" in refused(tmp_path, tmp_path / "bomb.bundle")


def test_missing_calibration_is_refused_in_words(tmp_path):
    (tmp_path / "model.tflite").write_bytes(tflite())
    out = tmp_path / "out.bundle"
    command = ["convert", str(tmp_path / "model.tflite"), "--profile", PROFILE, "-o", str(out)]
    for calibration in (["--calibration", str(tmp_path / "nowhere")], []):
        result = CliRunner().invoke(main, [*command, *calibration])
        assert result.exit_code == 2
        assert not out.exists()
