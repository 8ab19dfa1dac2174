"""Networks that others made answer in TFLite as they do in ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx import helper

from converters.execute import Kernels, run_all
from converters.lower.lowering import lower_model
from converters.quantize import quantize
from tests.converters.lower.onnx_models import agrees, drawn, lowered, one, with_drawn_weights, with_narrow_ends

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

SMALL = ("densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet")
NARROWED = ("vgg19", "zfnet512")
FACES = ("ultraface-RFB-320.onnx", "ultraface-slim-320_simplified.onnx")


@pytest.mark.parametrize("name", SMALL)
def test_a_topology_with_drawn_weights_keeps_its_answers(data, name):
    agrees(with_drawn_weights((data / f"onnx/light/light_{name}.onnx").read_bytes()))


def test_a_topology_of_a_quarter_of_a_gigabyte_lowers(data):
    made = lowered((data / "onnx/light/light_bvlc_alexnet.onnx").read_bytes())
    assert len(made.content) > 240_000_000
    assert made.worst(run_all(made.content, [made.feed], Kernels.XNNPACK)[0]) <= 1e-4
    assert made.kinds().count("FULLY_CONNECTED") == 3


@pytest.mark.parametrize("name", NARROWED)
def test_a_topology_with_wide_ends_keeps_its_answers(data, name):
    narrow = with_narrow_ends((data / f"onnx/light/light_{name}.onnx").read_bytes())
    made = lowered(with_drawn_weights(narrow))
    assert made.worst(run_all(made.content, [made.feed], Kernels.XNNPACK)[0]) <= 1e-4
    assert made.kinds().count("FULLY_CONNECTED") == 3


@pytest.mark.parametrize("name", FACES)
def test_face_detectors_keep_their_boxes_and_scores(data, name):
    made = agrees((data / "onnx" / name).read_bytes())
    assert made.graph.tensors[made.graph.inputs[0]].shape == (1, 240, 320, 3)
    assert [made.graph.tensors[name].shape for name in made.graph.outputs] == [(1, 4420, 2), (1, 4420, 4)]
    assert "TRANSPOSE" not in made.kinds()


def test_the_digits_are_read_as_their_file_says(data):
    graph = lower_model((data / "onnx/mnist/model.onnx").read_bytes()).graph
    quantized = quantize(graph, [_digit(data, place, "input").transpose(0, 2, 3, 1) for place in range(3)])
    assert quantized.best.xnnpack_db > 25
    assert quantized.float_operators == {}


def _digit(data, place, what):
    path = data / f"onnx/mnist/test_data_set_{place}" / f"{what}_0.pb"
    return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def test_the_digits_answers_are_those_of_the_model_zoo(data):
    graph = lower_model((data / "onnx/mnist/model.onnx").read_bytes()).graph
    made = agrees((data / "onnx/mnist/model.onnx").read_bytes())
    for place in range(3):
        feed = {graph.inputs[0]: np.ascontiguousarray(_digit(data, place, "input").transpose(0, 2, 3, 1))}
        found = run_all(made.content, [feed], Kernels.XNNPACK)[0][0]
        np.testing.assert_allclose(found, _digit(data, place, "output"), rtol=1e-4, atol=1e-2)


def test_a_face_detector_runs_in_int8(data):
    graph = lower_model((data / "onnx" / FACES[0]).read_bytes()).graph
    rng = np.random.default_rng(0)
    shape = graph.tensors[graph.inputs[0]].shape
    samples = [np.cumsum(rng.standard_normal(shape), axis=2).astype(np.float32) / 20 for _ in range(8)]
    quantized = quantize(graph, samples)
    assert quantized.int8_operators["CONV_2D"] == 34
    assert quantized.int8_operators["DEPTHWISE_CONV_2D"] == 18
    assert quantized.best.xnnpack_db > 12


def test_a_sample_answers_alike_in_tflite_runtime(data, tflite_runtime):
    files = ["mnist/model.onnx", *FACES]
    made = [lowered((data / "onnx" / name).read_bytes()) for name in files]
    made.append(lowered(with_drawn_weights((data / "onnx/light/light_shufflenet.onnx").read_bytes())))
    for model, found in zip(made, tflite_runtime([(m.content, [m.feed]) for m in made]), strict=True):
        assert model.worst(found[0]) <= 1e-4


def test_functions_of_the_model_itself_are_unfolded():
    body = [helper.make_node("Sigmoid", ["a"], ["b"]), helper.make_node("Mul", ["a", "b"], ["c"])]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("house", 1)]
    function = helper.make_function("house", "Silu", ["a"], ["c"], body, imports[:1])
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 4, 5]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Silu", ["x"], ["y"], domain="house")], "g", values[:1], values[1:])
    model = helper.make_model(graph, functions=[function], opset_imports=imports, ir_version=9)
    assert agrees(model.SerializeToString()).kinds() == ["LOGISTIC", "MUL"]


def test_an_output_may_be_constant_or_the_input_itself():
    nodes = [helper.make_node("Identity", ["x"], ["same"]), helper.make_node("Identity", ["c"], ["fixed"])]
    constants = {"c": np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)}
    agrees(drawn(nodes, (1, 3, 4, 5), constants, outputs=("same", "fixed")))


def test_two_outputs_may_be_one_value():
    nodes = [helper.make_node("Relu", ["x"], ["one"]), helper.make_node("Identity", ["one"], ["two"])]
    assert agrees(drawn(nodes, (1, 3, 4, 5), outputs=("one", "two"))).graph.outputs == ["one", "two"]
    flat = [helper.make_node("Flatten", ["x"], ["one"]), helper.make_node("Identity", ["one"], ["two"])]
    agrees(drawn(flat, (1, 3, 4, 5), outputs=("two", "one")))


def test_group_norm():
    constants = [np.array([1, 2, 3, 4], np.float32), np.array([0, 1, 0, 1], np.float32)]
    model = onnx.load_from_string(one("GroupNormalization", (1, 4, 5, 6), *constants, opset=21, num_groups=2))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (1, 4, 5, 6)))
    agrees(model.SerializeToString())
