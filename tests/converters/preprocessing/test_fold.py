"""Folding preprocessing changes how a model is fed, not what it answers; where padding forbids that, it is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.execute import Kernels, Session
from converters.graph import Graph, Operator, Tensor
from converters.preprocessing.first_layer import find_first_layer
from converters.preprocessing.fold import fold_preprocessing
from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from edge_contracts.manifest import ImageInput
from edge_runtime.preprocess import byte_table, prepare

FLOAT = np.dtype("f4")
IMAGENET = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
SIGNED = {"mean": (127.5,), "std": (127.5,)}
NONE = {"fused_activation_function": "NONE"}


def spec(side=(20, 24), **changes):
    return ImageInput(tensor="image", height_px=side[0], width_px=side[1], dtype="float32", **changes)


class Net:
    """A graph that grows: each method adds an operator behind the last."""

    def __init__(self, *side, seed=0):
        self.rng = np.random.default_rng(seed)
        self.last = "image"
        self.graph = Graph({"image": Tensor("image", (1, *(side or (20, 24)), 3), FLOAT)}, [], ["image"], [])

    def constant(self, values):
        name = f"c{len(self.graph.tensors)}"
        self.graph.tensors[name] = Tensor(name, values.shape, values.dtype, values)
        return name

    def add(self, kind, shape, constants, **options):
        name = f"t{len(self.graph.tensors)}"
        self.graph.tensors[name] = Tensor(name, shape, FLOAT)
        self.graph.operators.append(Operator(kind, [self.last, *map(self.constant, constants)], [name], options))
        self.last = name
        return self

    @property
    def shape(self):
        return self.graph.tensors[self.last].shape

    def each(self, kind, *values):
        return self.add(kind, self.shape, [np.asarray(values, np.float32)], **NONE)

    def pad(self, top, bottom, left, right):
        _, h, w, c = self.shape
        amounts = np.asarray([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        return self.add("PAD", (1, h + top + bottom, w + left + right, c), [amounts])

    def conv(self, kernel=3, stride=1, padding="SAME", *, depthwise=False, outs=4):
        _, h, w, c = self.shape
        lost = 0 if padding == "SAME" else kernel - 1
        size = (-(-(h - lost) // stride), -(-(w - lost) // stride))
        weights = (1, kernel, kernel, 2 * c) if depthwise else (outs, kernel, kernel, c)
        options = {"padding": padding, "stride_h": stride, "stride_w": stride, "fused_activation_function": "RELU"}
        if depthwise:
            options["depth_multiplier"] = 2
        drawn = [self.rng.normal(0, 0.4, weights).astype("f4"), self.rng.normal(size=weights[-1 if depthwise else 0])]
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        self.add(kind, (1, *size, drawn[1].size), [drawn[0], drawn[1].astype("f4")], **options)
        return self

    def done(self):
        self.graph.outputs = [self.last]
        return self.graph


def answers(graph, fed):
    session, found = Session(write_tflite(graph), Kernels.REFERENCE), []
    for picture in pictures():
        session.run({graph.inputs[0]: prepare(picture, fed)})
        found.append(session.outputs()[0])
    return np.concatenate(found)


def pictures(count=4, side=(20, 24)):
    return list(np.random.default_rng(1).integers(0, 256, (count, *side, 3), np.uint8))


def folded(graph, fed):
    return fold_preprocessing(graph, fed, [prepare(picture, fed) for picture in pictures()])


def apart(graph, fed, fold, inner=slice(None)):
    """The largest difference over some pictures, each fed by its own rules, as a share of the largest answer."""
    was, now = answers(graph, fed), answers(fold.graph, fold.spec)
    return np.abs(was - now)[:, inner, inner].max() / (np.abs(was).max() or 1.0)


@pytest.mark.parametrize("colour", ["rgb", "bgr"])
@pytest.mark.parametrize(
    ("net", "border"),
    [
        (lambda: Net().conv(3, 2, "VALID"), "none"),
        (lambda: Net().conv(1, 1, "SAME"), "none"),
        (lambda: Net().conv(2, 2, "SAME"), "none"),
    ],
)
def test_without_padding_the_fold_is_exact_to_float_rounding(net, border, colour):
    graph, fed = net().done(), spec(colour=colour, **IMAGENET)
    fold = folded(graph, fed)
    assert (fold.border, fold.spec.mean, fold.spec.std, fold.spec.colour) == (border, (114.0,), (255.0,), "rgb")
    assert apart(graph, fed, fold) < 2e-6
    assert fold.deviation < 2e-6


@pytest.mark.parametrize("explicit", [False, True])
def test_padding_with_a_whole_byte_is_exact(explicit):
    fed = spec(mean=(128.0, 128.0, 128.0), std=(58.0, 57.0, 57.5))
    net = Net().pad(1, 1, 1, 1).conv(3, 2, "VALID") if explicit else Net().conv(3, 2)
    graph = net.done()
    fold = folded(graph, fed)
    assert (fold.border, fold.spec.mean) == ("exact", (128.0,))
    assert apart(graph, fed, fold) < 2e-6


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize(("values", "border"), [(SIGNED, "rounded"), (IMAGENET, "frame")])
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_padding_between_bytes_moves_the_border_alone_and_says_by_how_much(values, border, colour, explicit):
    fed = spec(colour=colour, **values)
    graph = (Net().pad(1, 1, 1, 1).conv(3, 1, "VALID") if explicit else Net().conv(3, 1)).done()
    fold = folded(graph, fed)
    assert fold.border == border
    assert apart(graph, fed, fold, inner=slice(1, -1)) < 2e-6
    assert 1e-6 < apart(graph, fed, fold) == pytest.approx(fold.deviation, rel=0.05)
    assert fold.deviation < 0.01
    assert f"{fold.deviation:.2g} of the largest" in fold.sentence


def test_arithmetic_inside_the_model_is_folded_too():
    # As a Rescaling layer of Keras writes it, then a normalisation of one's own.
    graph = Net().each("MUL", 1 / 127.5).each("ADD", -1.0).each("SUB", 0.1, 0.2, 0.3).each("DIV", 0.5, 0.4, 0.3)
    graph = graph.conv(3, 2, "VALID").done()
    fed = spec()
    fold = folded(graph, fed)
    assert [operator.kind for operator in fold.graph.operators] == ["CONV_2D"]
    assert apart(graph, fed, fold) < 2e-6


def test_a_depthwise_first_layer_is_folded_in_its_own_colour_order():
    graph, fed = Net().conv(3, 2, "VALID", depthwise=True).done(), spec(colour="bgr", **IMAGENET)
    fold = folded(graph, fed)
    assert (fold.border, fold.spec.colour) == ("none", "bgr")
    assert apart(graph, fed, fold) < 2e-6


@settings(max_examples=15, deadline=None)
@given(
    mean=st.tuples(*[st.floats(0, 255)] * 3),
    std=st.tuples(*[st.floats(1, 255)] * 3),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["SAME", "VALID"]),
    colour=st.sampled_from(["rgb", "bgr"]),
)
def test_whatever_is_folded_deviates_by_no_more_than_it_says(mean, std, kernel, stride, padding, colour):
    graph, fed = Net().conv(kernel, stride, padding).done(), spec(colour=colour, mean=mean, std=std)
    fold = folded(graph, fed)
    assert apart(graph, fed, fold) <= fold.deviation * 1.05 + 5e-6


@pytest.mark.parametrize("values", [SIGNED, IMAGENET])
def test_a_camera_byte_reaches_the_int8_model_by_one_exclusive_or_and_keeps_its_value(values):
    fed = spec(**values)
    graph = Net().conv(3, 2).done()
    fold = folded(graph, fed)
    camera = Affine(float(np.float32(1 / 255)), int(fold.spec.mean[0]) - 128)
    made = quantize(fold.graph, [prepare(p, fold.spec) for p in pictures(8)], Recipe(input=camera))
    tensor = made.graph.tensors["image"]
    quantisation = {"scale": float(tensor.quantization.scale[0]), "zero_point": camera.zero_point}
    stored = ImageInput(**(fold.spec.model_dump() | {"dtype": "int8", "quantisation": quantisation}))
    picture = pictures(1)[0]
    assert np.array_equal(prepare(picture, stored)[0].view(np.uint8), picture ^ 0x80)
    # What the int8 values stand for is the float pipeline's input of the same bytes, to the last bit of the byte.
    real = camera.dequantize(byte_table(stored))
    bytes_again = real.astype(np.float64) * 255 + fold.spec.mean[0]
    assert np.abs(bytes_again - np.arange(256)).max() < 1e-4
    table = byte_table(fed).astype(np.float64)
    mean, std = (np.broadcast_to(np.asarray(v), 3)[:, None] for v in (fed.mean, fed.std))
    np.testing.assert_allclose((np.rint(bytes_again) - mean) / std, table, atol=1e-6)


def test_bytes_that_need_no_arithmetic_are_left_alone():
    for plain in (spec(std=(255.0,)), spec(), spec(mean=(128.0,), std=(128.0,))):
        graph = Net().conv(3, 2).done()
        fold = folded(graph, plain)
        assert fold.graph is graph
        assert (fold.spec, fold.border, fold.sentence) == (plain, None, "")


@pytest.mark.parametrize(
    ("graph", "values", "reason"),
    [
        (lambda: Net().add("MEAN", (1, 3), [np.asarray([1, 2], np.int32)]).done(), SIGNED, "its first layer is MEAN"),
        (lambda: Net().pad(1, 1, 1, 1).conv(3, 1).done(), SIGNED, "padded twice"),
        (lambda: Net().conv().done(), {"mean": (-20.0,), "std": (50.0,)}, "pads with a value that no byte stands for"),
    ],
)
def test_what_cannot_be_folded_stays_as_it_was_and_says_why(graph, values, reason):
    graph, fed = graph(), spec(**values)
    fold = folded(graph, fed)
    assert fold.graph is graph
    assert (fold.spec, fold.border) == (fed, None)
    assert reason in fold.sentence


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (SIGNED, "; its mean 127.5 lies between two bytes, so int8 holds each up to 0.5 of a byte off"),
        ({"mean": (127.0,), "std": (127.5,), "colour": "bgr"}, ""),
        ({"mean": (-0.5,), "std": (127.5,)}, ""),
        (IMAGENET, ""),
    ],
)
def test_a_mean_between_two_bytes_is_told_where_it_is_not_folded(values, said):
    pool = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    graph = Net().add("MAX_POOL_2D", (1, 10, 12, 3), [], **pool, **NONE).conv().done()
    fold = fold_preprocessing(graph, spec(**values), [])
    assert fold.sentence == f"preprocessing is not folded: its first layer is MAX_POOL_2D, not a convolution{said}"


def test_an_input_that_two_operators_read_is_not_folded():
    graph = Net().conv(3, 2).done()
    graph.operators.append(Operator("ABS", ["image"], ["other"]))
    graph.tensors["other"] = Tensor("other", (1, 20, 24, 3), FLOAT)
    assert find_first_layer(graph, spec()) == "its input is read in several places"


@pytest.mark.parametrize("values", [SIGNED, IMAGENET])
def test_the_folded_int8_model_answers_the_same_in_the_older_runtime_and_with_either_kernels(values, tflite_runtime):
    fed = spec(**values)
    fold = folded(Net().conv(3, 2).done(), fed)
    camera = Affine(float(np.float32(1 / 255)), int(fold.spec.mean[0]) - 128)
    made = quantize(fold.graph, [prepare(p, fold.spec) for p in pictures(8)], Recipe(input=camera, ranges=("min-max",)))
    feeds = [{"image": camera.quantize(prepare(p, fold.spec))} for p in pictures()]
    ((*older,),) = tflite_runtime([(made.content, feeds)])
    for kernels in Kernels:
        for feed, (wanted,) in zip(feeds, older, strict=True):
            session = Session(made.content, kernels)
            session.run(feed)
            assert np.abs(session.outputs()[0].astype(int) - wanted).max() <= 1
