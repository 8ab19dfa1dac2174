"""Whatever the user has becomes a float bundle, or a sentence says why not."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from converters.graph import Graph, Operator, Tensor
from converters.load import Description, load_model
from converters.load.bundle import outputs_of
from converters.load.description import slug
from converters.load.onnx import onnx_interface
from converters.load.tflite import tflite_interface
from converters.tflite import write_tflite
from edge_contracts.bundle import BundleRejected
from edge_contracts.errors import BadInputError
from tests.fakes.models import write_brightness_bundle

pytestmark = pytest.mark.usefixtures("warm_children")

FLOAT32 = np.dtype(np.float32)


def softmax_model(*shape):
    """A real network of one operator; a softmax over the last axis."""
    tensors = {"in": Tensor("in", shape, FLOAT32), "out": Tensor("out", shape, FLOAT32)}
    return write_tflite(Graph(tensors, [Operator("SOFTMAX", ["in"], ["out"], {"beta": 1.0})], ["in"], ["out"]))


def load(tmp_path, content, *, pictures=False, **said):
    path = tmp_path / "Some Model (v2).tflite"
    path.write_bytes(content)
    return load_model(path, Description(**said), pictures=pictures)


def network_of(*layers, given=(1, 1, 1, 3)):
    """A real network: each layer an operator's kind and the shape that it gives."""
    tensors, operators, last = {"in": Tensor("in", given, FLOAT32)}, [], "in"
    for place, (kind, shape) in enumerate(layers):
        name = f"{place}"
        tensors[name] = Tensor(name, shape, FLOAT32)
        inputs = [last]
        if kind == "RESHAPE":
            tensors[f"to {name}"] = Tensor(f"to {name}", (len(shape),), np.dtype("i4"), np.array(shape, "i4"))
            inputs.append(f"to {name}")
        options = {"beta": 1.0} if kind == "SOFTMAX" else {}
        operators.append(Operator(kind, inputs, [name], options))
        last = name
    return write_tflite(Graph(tensors, operators, ["in"], [last]))


def onnx_of(*kinds):
    nodes = [
        onnx.helper.make_node(kind, [f"v{place}"], [f"v{place + 1}"], **({"axis": 1} if kind != "Sigmoid" else {}))
        if kind != "Identity"
        else onnx.helper.make_node(kind, [f"v{place}"], [f"v{place + 1}"])
        for place, kind in enumerate(kinds)
    ]
    given = onnx.helper.make_tensor_value_info("v0", 1, [1, 3, 1, 1])
    made = onnx.helper.make_tensor_value_info(f"v{len(kinds)}", 1, [1, 3])
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "g", [given], [made]), opset_imports=[onnx.helper.make_opsetid("", 13)]
    )
    return model.SerializeToString()


def test_a_name_becomes_one_that_bundles_have():
    assert slug("Some Model (v2)") == "some-model-v2"
    assert slug("___") == "model"
    assert len(slug("x" * 100)) == 32


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"these are notes, not a model\n", "a text file"),
        (b"\x89PNG\r\n\x1a\n", "begins with 89 50 4e 47"),
    ],
)
def test_what_is_no_model_is_named(tmp_path, content, found):
    with pytest.raises(BadInputError, match=rf"wanted a bundle, a \.tflite or an \.onnx model, found .*{found}"):
        load(tmp_path, content)


def test_nothing_at_the_path_says_so(tmp_path):
    with pytest.raises(BadInputError, match=r"found none at .* check the path"):
        load_model(tmp_path / "missing.tflite", Description(), pictures=False)


def test_a_zip_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleRejected):
        load(tmp_path, b"PK\x03\x04 and nothing else")


def test_the_task_is_read_off_the_shapes(data):
    mlperf = data / "mlperf-tiny"
    tasks = {
        "kws_ref_model_float32.tflite": "classification",
        "ad01_fp32.tflite": "reconstruction",
        "vww_96_float.tflite": "classification",
        "pretrainedResnet.tflite": "classification",
    }
    found = {name: load_model(mlperf / name, Description(), pictures=False).manifest.task for name in tasks}
    assert found == tasks


@pytest.mark.parametrize(
    ("layers", "role"),
    [
        ([("SOFTMAX", (1, 1, 1, 3)), ("RESHAPE", (1, 3))], "probabilities"),
        ([("LOGISTIC", (1, 1, 1, 3)), ("RESHAPE", (1, 3))], "probabilities"),
        ([("RESHAPE", (1, 3)), ("SOFTMAX", (1, 3))], "probabilities"),
        ([("RESHAPE", (1, 3))], "logits"),
        ([("SOFTMAX", (1, 1, 1, 3)), ("ABS", (1, 1, 1, 3)), ("RESHAPE", (1, 3))], "logits"),
    ],
)
def test_probabilities_stay_such_in_another_shape(tmp_path, layers, role):
    assert [output.role for output in load(tmp_path, network_of(*layers)).manifest.outputs] == [role]


@pytest.mark.parametrize(
    ("kinds", "role"),
    [
        (["Softmax", "Flatten"], "probabilities"),
        (["Sigmoid", "Flatten"], "probabilities"),
        (["Flatten", "Softmax", "Identity"], "probabilities"),
        (["Flatten", "Identity"], "logits"),
    ],
)
def test_of_an_onnx_model_too(kinds, role):
    interface = onnx_interface(onnx_of(*kinds), "net.onnx")
    outputs, _ = outputs_of(interface, Description())
    assert [output.role for output in outputs] == [role]


@pytest.mark.parametrize(
    ("gives", "role", "task"),
    [
        ("", "logits", "classification"),
        ("probabilities", "probabilities", "classification"),
        ("logits", "logits", "classification"),
        ("numbers", "raw", "raw"),
    ],
)
def test_the_user_says_what_the_values_are(tmp_path, gives, role, task):
    manifest = load(tmp_path, network_of(("RESHAPE", (1, 3))), gives=gives).manifest
    assert ([output.role for output in manifest.outputs], manifest.task) == ([role], task)


def test_what_the_user_says_must_fit(tmp_path):
    with pytest.raises(
        BadInputError, match=r"1×N for --gives logits, found outputs of shape \(1, 3, 1\); leave it out"
    ):
        load(tmp_path, network_of(("RESHAPE", (1, 3, 1))), gives="logits")
    with pytest.raises(BadInputError, match=r"for --good, found outputs of shape \(1, 3\) and --gives numbers; leave"):
        load(tmp_path, network_of(("RESHAPE", (1, 3))), gives="numbers", good=("a",))


@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (2, 3)])
def test_what_is_no_row_of_classes_is_measured_and_not_judged(tmp_path, shape):
    width = max(int(np.prod(shape)), 1)
    model = network_of(("RESHAPE", shape), given=(1, 1, 1, width))
    assert load(tmp_path, model).manifest.task == "raw"


def test_a_curve_of_one_number_reconstructs_nothing(data):
    """Its value may be 0 where no relative change of it means anything."""
    path = data / "tflite-micro/hello_world_float.tflite"
    assert load_model(path, Description(), pictures=False).manifest.task == "raw"


def test_a_picture_model_gets_the_pixel_range_that_the_user_says(data):
    path = data / "mlperf-tiny/vww_96_float.tflite"
    spec = load_model(path, Description(pixel_range=(-1.0, 1.0)), pictures=True).manifest.input
    assert (spec.height_px, spec.width_px, spec.colour) == (96, 96, "rgb")
    assert (0 - spec.mean[0]) / spec.std[0] == pytest.approx(-1)
    assert (255 - spec.mean[0]) / spec.std[0] == pytest.approx(1)


def test_an_onnx_picture_is_fed_channel_first(data):
    manifest = load_model(data / "onnx/ultraface-RFB-320.onnx", Description(), pictures=True).manifest
    assert (manifest.input.layout, manifest.input.shape) == ("NCHW", (1, 3, 240, 320))
    assert [output.role for output in manifest.outputs] == ["raw", "raw"]


@pytest.mark.parametrize("length", [1, 100, 4000])
def test_a_cut_onnx_file_is_refused(data, tmp_path, length):
    content = (data / "onnx/mnist/model.onnx").read_bytes()[:length]
    with pytest.raises(BadInputError, match="wanted"):
        load(tmp_path, content)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("coral-test-data/mobilenet_v1_0.25_128_quant.tflite", "it is quantised already"),
        ("coral-test-data/model_invoking_error.tflite", "custom"),
        ("coral-test-data/mobilenet_v1_0.25_128_quant_edgetpu.tflite", "compiled for the EdgeTPU"),
        ("tflite-micro/person_detect.tflite", "quantised already"),
    ],
)
def test_a_model_that_cannot_be_converted_says_why(data, file, sentence):
    with pytest.raises(BadInputError, match=sentence):
        load_model(data / file, Description(), pictures=True)


def test_as_many_labels_as_the_network_has_values(tmp_path):
    manifest = load(tmp_path, softmax_model(1, 3), labels=("a", "b", "c"), good=("a",)).manifest
    assert (manifest.labels, manifest.rule.kind) == (("a", "b", "c"), "classes")
    with pytest.raises(BadInputError, match="wanted 3 labels, one per output value, found 2"):
        load(tmp_path, softmax_model(1, 3), labels=("a", "b"))


def test_pictures_for_a_model_that_takes_none_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="wanted an input for pictures"):
        load(tmp_path, softmax_model(1, 49, 10, 1), pictures=True)


def test_a_model_of_several_pictures_at_once_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="takes 4 at once; export it with a batch of 1"):
        load(tmp_path, softmax_model(4, 32, 32, 3), pictures=True)


@pytest.mark.parametrize(("shape", "kind"), [((1, 49, 10, 1), "tensor"), ((1, 32, 32, 3), "image")])
def test_where_nothing_tells_the_size_decides_what_is_a_picture(tmp_path, shape, kind):
    assert load(tmp_path, softmax_model(*shape), pictures=None).manifest.input.kind == kind


def test_a_good_label_that_the_model_does_not_know_is_named(tmp_path):
    with pytest.raises(BadInputError, match="wanted --good labels out of 'a', 'b', 'c', found 'maybe'; mend"):
        load(tmp_path, softmax_model(1, 3), labels=("a", "b", "c"), good=("maybe",))


def test_a_bundle_that_could_find_no_defect_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="makes a part defective, found all 3 in --good"):
        load(tmp_path, softmax_model(1, 3), labels=("a", "b", "c"), good=("a", "b", "c"))


@pytest.mark.parametrize(("said", "meant"), [("Tench", "tench, Tinca tinca"), ("god", "good"), ("GOOD", "good")])
def test_a_good_label_that_is_nearly_right_is_guessed(tmp_path, said, meant):
    labels = ("tench, Tinca tinca", "good", "bad")
    with pytest.raises(BadInputError, match=f"did you mean '{meant}'"):
        load(tmp_path, softmax_model(1, 3), labels=labels, good=(said,))


def test_a_good_label_needs_the_labels_of_the_model(tmp_path):
    with pytest.raises(BadInputError, match="names of the 3 classes beside --good ok, found none; give --labels"):
        load(tmp_path, softmax_model(1, 3), good=("ok",))


def test_a_good_label_that_names_two_outputs_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="found 'crane' more than once in --labels"):
        load(tmp_path, softmax_model(1, 3), labels=("crane", "owl", "crane"), good=("crane",))


@pytest.mark.parametrize(
    ("taken", "given", "remedy"),
    [
        ((1, -1, 3), (1, -1, 3), "found an open size in in of .* export the model with a fixed input size"),
        ((-1, 2, 3), (-1, -1, 3), "found an open size in out of .* export the model with a batch of 1"),
        ((1, 2, 3), (1, -1, 3), "found an open size in out of .* without its operators that select"),
    ],
)
def test_an_open_size_is_named_with_the_remedy_for_its_cause(taken, given, remedy):
    graph = Graph({"in": Tensor("in", taken, FLOAT32), "out": Tensor("out", given, FLOAT32)}, [], ["in"], ["out"])
    with pytest.raises(BadInputError, match=remedy):
        tflite_interface(graph, Path("a.tflite"))


def test_a_file_whose_operator_reads_its_own_output_is_refused(tmp_path):
    """Its walk from the output to what computes it would never end."""
    size = Tensor("size", (2,), np.dtype("i4"), np.array([0, 4], "i4"))
    values = [Tensor(name, shape, FLOAT32) for name, shape in (("in", (1, 4)), ("out", (1, 4)), ("nothing", (0, 4)))]
    operators = [Operator("ADD", ["in", "in"], ["out"]), Operator("RESHAPE", ["nothing", "size"], ["nothing"])]
    graph = Graph({tensor.name: tensor for tensor in (*values, size)}, operators, ["in"], ["nothing"])
    with pytest.raises(BadInputError):
        load(tmp_path, write_tflite(graph))


def test_outputs_that_follow_an_open_batch_are_named_with_the_remedy(data):
    path = data / "onnx/ultraface-RFB-320_without_postprocessing.tflite"
    with pytest.raises(BadInputError, match=r"open size in Identity, Identity_1 .* export the model with a batch of 1"):
        load_model(path, Description(), pictures=True)


def test_a_mean_that_nothing_would_use_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="wanted pictures for --mean"):
        load(tmp_path, softmax_model(1, 3), mean=(0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"name": "part"}, "--name"),
        ({"labels": ("a", "b"), "good": ("a",)}, "--labels and --good"),
        ({"pixel_range": (-1.0, 1.0)}, "--pixel-range"),
        ({"std": (2.0,)}, "--std"),
        ({"colour": "bgr", "resize": "nearest"}, "--colour and --resize"),
        ({"input_size": (32, 32)}, "--input-size"),
    ],
)
def test_what_a_bundle_says_itself_is_not_taken_from_the_user(tmp_path, said, option):
    path = tmp_path / "float.bundle"
    write_brightness_bundle(path)
    with pytest.raises(BadInputError, match=f"wanted a bare model for {option}, found .* to be a bundle"):
        load_model(path, Description(**said), pictures=True)


def test_labels_of_a_model_that_is_no_classifier_are_refused(tmp_path):
    with pytest.raises(BadInputError, match=r"wanted a classifier .* for --labels, found outputs of shape \(1, 4, 3\)"):
        load(tmp_path, softmax_model(1, 4, 3), labels=("a", "b", "c"))


@pytest.mark.parametrize(("colour", "channels", "wanted"), [("grey", 3, "rgb or bgr"), ("bgr", 1, "grey")])
def test_a_colour_that_the_model_does_not_have_is_named(tmp_path, colour, channels, wanted):
    with pytest.raises(BadInputError, match=f"wanted --colour {wanted} for an input of {channels} channels, found"):
        load(tmp_path, softmax_model(1, 32, 32, channels), pictures=True, colour=colour)


@pytest.mark.parametrize("name", ["Teil ä/ö 1", "x" * 33, "a_b", "a\n"])
def test_a_name_that_bundles_cannot_have_is_refused_with_one_that_they_can(name):
    with pytest.raises(BadInputError, match=r"wanted a name of 1 to 32 of a-z, 0-9 and '-', found .*; call it "):
        Description(name=name)
