"""What cannot be lowered is named, with the reason and what to change; a broken file never gets further."""

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from converters.lower import CannotLowerError
from converters.lower.lowering import lower_model
from converters.lower.reference import reference
from converters.lower.rules import RULES
from edge_contracts.errors import BadInputError
from tests.converters.lower.onnx_models import drawn, lowered, one

WEIGHTS = np.ones((2, 3, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (one("CumSum", (1, 4), np.int64(1)), r"node 'the_cumsum' \(CumSum, operator set 17\).*no rule; replace it"),
        (
            one("MaxPool", (1, 2, 9, 9), kernel_shape=(2, 2), dilations=(2, 2)),
            r"node .*MaxPool.*dilated; use a MaxPool",
        ),
        (one("Conv", (1, 1, 5, 5, 5), np.ones((1, 1, 2, 2, 2), np.float32)), r"node .*Conv.*3 spatial dimensions; use"),
        (one("Pow", (1, 4), np.ones(4, np.float32)), r"node .*Pow.*exponent is not one constant"),
        (one("Pad", (1, 4), np.array([0, -1, 0, 0], np.int64)), r"node .*Pad.*negative amount; cut with a Slice"),
        (
            drawn(
                [
                    helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32),
                    helper.make_node("Cast", ["i"], ["y"], to=TensorProto.FLOAT),
                ],
                (1, 4),
            ),
            r"node .*Cast.*only a cast between floats",
        ),
    ],
)
def test_the_node_the_reason_and_the_remedy(model, sentence):
    with pytest.raises(CannotLowerError, match=rf"cannot lower {sentence}"):
        lower_model(model)


def test_weights_that_are_computed():
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=1),
        helper.make_node("Conv", ["x", "m"], ["y"], name="late"),
    ]
    with pytest.raises(CannotLowerError, match=r"node 'late' .*weights or bias are computed; export"):
        lower_model(drawn(nodes, (1, 3, 4, 4)))


def spread_in_part():
    """A product whose sides of five axes share a part of their batches."""
    turned = helper.make_node("ReduceMax", ["x"], ["m"], axes=[0], keepdims=1)
    return drawn([turned, helper.make_node("MatMul", ["x", "m"], ["y"])], (2, 2, 2, 3, 3))


def computed(kind, **attributes):
    """An operator on pictures of three channels, whose second and third input are the means of the picture."""
    mean = helper.make_node("ReduceMean", ["x"], ["m"], axes=[0, 2, 3], keepdims=0)
    return drawn([mean, helper.make_node(kind, ["x", "m", "m"], ["y"], **attributes)], (1, 3, 4, 4))


def with_more_outputs(kind, *constants, outputs, shape=(1, 2, 9, 9), **attributes):
    named = {f"c{place}": np.asarray(value) for place, value in enumerate(constants)}
    node = helper.make_node(kind, ["x", *named], ["y", *outputs], **attributes)
    used = [helper.make_node("Cast", [outputs[-1]], ["also"], to=TensorProto.FLOAT)]
    return drawn([node, *used], shape, named, outputs=("y", "also"))


STEPS = [np.array(values, np.int64) for values in ([0], [4], [4], [2])]


@pytest.mark.parametrize(
    ("kind", "model", "reason", "limit"),
    [
        ("MatMul", spread_in_part(), r"batch \(2, 2, 2\) has too many axes", "at most four axes"),
        ("Slice", one("Slice", (1, 2, 3, 4, 5), *STEPS), "it skips in a value of 5 axes", "at most four axes"),
        ("Slice", one("Slice", (1, 4), STEPS[0], STEPS[0]), "nothing is left of it", "leave something"),
        (
            "MaxPool",
            with_more_outputs("MaxPool", outputs=["where"], kernel_shape=(2, 2)),
            "positions of the maxima are used",
            "no second output `Indices`",
        ),
        (
            "LayerNormalization",
            with_more_outputs("LayerNormalization", np.ones(9, np.float32), outputs=["", "deviation"]),
            "its mean or deviation is used",
            "its first output alone",
        ),
        ("InstanceNormalization", computed("InstanceNormalization"), "scale or bias is computed", "constant scale"),
    ],
)
def test_what_is_refused_stands_among_the_limits(kind, model, reason, limit):
    with pytest.raises(BadInputError, match=reason):
        lower_model(model)
    assert limit in RULES[kind].limits


def test_the_reference_page_shows_the_limits():
    for kind, rule in RULES.items():
        assert f"| {kind} | {rule.becomes} | {rule.limits} |" in reference()


def test_an_operator_of_somebody_else():
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    with pytest.raises(CannotLowerError, match=r"com\.example\.Relu.*without custom operators"):
        lower_model(model.SerializeToString())


@pytest.mark.parametrize("place", ["/etc/passwd", "../weights.bin", "weights.bin"])
def test_weights_in_another_file_are_never_read(place):
    model = onnx.load_from_string(one("Conv", (1, 3, 8, 8), WEIGHTS))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    with pytest.raises(BadInputError, match=rf"inside the model, found 'c0' in another file.*{place}.*one file"):
        lower_model(model.SerializeToString())


def test_an_absurd_shape_takes_no_memory():
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "s")
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["big"]),
        helper.make_node("ReduceMax", ["big"], ["m"], keepdims=0),
        helper.make_node("Add", ["x", "m"], ["y"]),
    ]
    with pytest.raises(BadInputError, match="at most 134217728 elements, found 'big'"):
        lower_model(drawn(nodes, (1, 3), {"s": numpy_helper.to_array(shape)}))
    with pytest.raises(BadInputError, match="at most 134217728 elements, found 'x'"):
        lower_model(one("Relu", (1, 1 << 20, 1 << 20)))


def test_an_open_size_is_asked_for_and_an_open_batch_is_one():
    model = one("Conv", ("batch", 3, "height", "width"), WEIGHTS)
    with pytest.raises(BadInputError, match="wanted a fixed size for axis 2 of input 'x', found it open; give the inp"):
        lower_model(model)
    graph = lower_model(model, input_size=(8, 6)).graph
    assert graph.tensors["x"].shape == (1, 8, 6, 3)
    assert graph.tensors["y"].shape == (1, 6, 4, 2)


def test_another_size_than_the_model_is_made_for():
    with pytest.raises(
        BadInputError, match="wanted 9 for axis 2 of input 'x', found the model to be made for 8; leave"
    ):
        lower_model(one("Conv", (1, 3, 8, 8), WEIGHTS), input_size=(9, 8))
    with pytest.raises(BadInputError, match="takes no picture"):
        lower_model(one("Relu", (1, 3)), input_size=(9, 8))


def test_shapes_that_do_not_fit_together():
    model = onnx.load_from_string(one("Conv", (1, 3, 8, 8), WEIGHTS))
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4
    with pytest.raises(BadInputError, match=r"ONNX Runtime does not|shapes that fit together"):
        lower_model(model.SerializeToString())


def test_an_operator_set_of_long_ago():
    with pytest.raises(BadInputError, match="operator set 7 to 23, found 6"):
        lower_model(one("Relu", (1, 3), opset=6))


def test_two_outputs_of_one_name():
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.graph.output.append(model.graph.output[0])
    with pytest.raises(BadInputError, match=r"outputs of different names|whole ONNX model"):
        lower_model(model.SerializeToString())


def test_two_inputs():
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))
    with pytest.raises(BadInputError, match="one input, found 2"):
        lower_model(model.SerializeToString())


def test_an_input_that_is_no_float():
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    with pytest.raises(BadInputError, match="wanted a float32 input"):
        lower_model(model.SerializeToString())


@pytest.mark.parametrize("length", [0, 1, 10, 1000, 20_000])
def test_a_file_cut_short(data, length):
    with pytest.raises(BadInputError, match=r"wanted|does not load"):
        lower_model((data / "onnx/mnist/model.onnx").read_bytes()[:length])


@given(places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_lowers_or_is_refused_in_words(places):
    content = bytearray(DAMAGED)
    for place, byte in places:
        content[place % len(content)] = byte
    refusal = None
    try:
        lower_model(bytes(content))
    except BadInputError as error:
        refusal = str(error)
    assert refusal is None or len(refusal) > 20


DAMAGED = drawn(
    [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1], name="conv"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["c", "s"], ["d"]),
        helper.make_node("Softmax", ["d"], ["y"]),
    ],
    (1, 3, 4, 4),
    {"w": WEIGHTS[:, :, :1, :1], "s": np.array([1, -1], np.int64)},
)


def test_the_undamaged_file_lowers():
    assert lowered(DAMAGED).kinds()[-1] == "SOFTMAX"


def test_weights_that_are_no_numbers():
    broken = WEIGHTS.copy()
    broken[0, 0, 0, 0] = np.nan
    with pytest.raises(BadInputError, match="wanted numbers as weights, found NaN in 'c0'"):
        lower_model(one("Conv", (1, 3, 8, 8), broken))


def test_a_logarithm_of_what_is_negative_is_lowered_all_the_same():
    assert [operator.kind for operator in lower_model(one("Log", (1, 8))).graph.operators] == ["LOG"]


def test_a_graph_that_bites_its_tail():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    model = onnx.load_from_string(one("Relu", (1, 3)))
    del model.graph.node[:]
    model.graph.node.extend([*nodes, helper.make_node("Relu", ["b"], ["y"])])
    with pytest.raises(BadInputError, match="wanted a whole ONNX model"):
        lower_model(model.SerializeToString())


def test_a_function_that_calls_itself():
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("house", 1)]
    body = [helper.make_node("Again", ["a"], ["b"], domain="house")]
    model = onnx.load_from_string(one("Relu", (1, 3)))
    model.functions.append(helper.make_function("house", "Again", ["a"], ["b"], body, imports))
    model.opset_import.append(imports[1])
    model.graph.node[0].op_type, model.graph.node[0].domain = "Again", "house"
    with pytest.raises(BadInputError):
        lower_model(model.SerializeToString())
