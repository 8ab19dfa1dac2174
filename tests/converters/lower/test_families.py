"""The families of networks that stand on production lines lower, keep their answers, and run in int8."""

import numpy as np
import pytest

from converters.quantize import quantize
from tests.converters.lower.drawing import Pen
from tests.converters.lower.onnx_models import agrees

pytestmark = pytest.mark.usefixtures("warm_children")


def mobile_net_v3():
    pen = Pen((1, 3, 32, 32))
    x = pen.node("HardSwish", pen.normalized(pen.conv("x", 3, 8, strides=(2, 2)), 8))
    for _ in range(2):
        wide = pen.node("HardSwish", pen.normalized(pen.conv(x, 8, 24, (1, 1)), 24))
        wide = pen.node("Relu", pen.normalized(pen.conv(wide, 24, 24, group=24), 24))
        squeezed = pen.node("Relu", pen.conv(pen.node("GlobalAveragePool", wide), 24, 6, (1, 1)))
        gate = pen.node("HardSigmoid", pen.conv(squeezed, 6, 24, (1, 1)), alpha=1 / 6, beta=0.5)
        x = pen.node("Add", x, pen.normalized(pen.conv(pen.node("Mul", wide, gate), 24, 8, (1, 1)), 8))
    pooled = pen.node("Flatten", pen.node("GlobalAveragePool", x))
    return pen.done(pen.node("Gemm", pooled, pen.weights(5, 8), pen.weights(5), transB=1)), 0


def shuffle_net_v2():
    pen = Pen((1, 3, 24, 24))
    x = pen.node("Relu", pen.conv("x", 3, 16, strides=(2, 2)))
    for _ in range(2):
        kept, worked = pen.node("Split", x, pen.integers(8, 8), outputs=2, axis=1)
        worked = pen.node("Relu", pen.conv(worked, 8, 8, (1, 1)))
        worked = pen.node("Relu", pen.conv(pen.conv(worked, 8, 8, group=8), 8, 8, (1, 1)))
        x = pen.node("Concat", kept, worked, axis=1)
        turned = pen.node("Transpose", pen.reshape(x, 1, 2, 8, 12, 12), perm=[0, 2, 1, 3, 4])
        x = pen.reshape(turned, 1, -1, 12, 12)
    return pen.done(pen.dense(pen.node("ReduceMean", x, axes=[2, 3], keepdims=0), 16, 4)), 2


def u_net():
    pen = Pen((1, 1, 32, 24))
    first = pen.node("Relu", pen.conv("x", 1, 8))
    second = pen.node("Relu", pen.conv(pen.node("MaxPool", first, kernel_shape=(2, 2), strides=(2, 2)), 8, 16))
    third = pen.node("Relu", pen.conv(pen.node("MaxPool", second, kernel_shape=(2, 2), strides=(2, 2)), 16, 16))
    up = pen.node("ConvTranspose", third, pen.weights(16, 16, 2, 2), pen.weights(16), strides=(2, 2))
    joined = pen.node("Relu", pen.conv(pen.node("Concat", up, second, axis=1), 32, 8))
    scales = pen.constant(np.array([1, 1, 2, 2], np.float32))
    up = pen.node("Resize", joined, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
    return pen.done(pen.node("Sigmoid", pen.conv(pen.node("Concat", up, first, axis=1), 16, 1))), 0


def yolo_head():
    pen = Pen((1, 3, 32, 32))
    x = pen.conv("x", 3, 16, strides=(2, 2))
    x = pen.node("Mul", x, pen.node("Sigmoid", x))
    found = []
    for size in (8, 4):
        x = pen.conv(x, 16, 16, strides=(2, 2))
        x = pen.node("Mul", x, pen.node("Sigmoid", x))
        pools = [pen.node("MaxPool", x, kernel_shape=(5, 5), pads=[2] * 4)]
        pools.append(pen.node("MaxPool", pools[0], kernel_shape=(5, 5), pads=[2] * 4))
        head = pen.conv(pen.node("Concat", x, *pools, axis=1), 48, 21, (1, 1))
        head = pen.node("Transpose", pen.reshape(head, 1, 3, 7, size, size), perm=[0, 1, 3, 4, 2])
        place, extent, score = pen.node("Split", pen.node("Sigmoid", head), pen.integers(2, 2, 3), outputs=3, axis=4)
        grid = pen.constant(pen.rng.uniform(0, size, (1, 3, size, size, 2)).astype(np.float32))
        place = pen.node("Mul", pen.node("Add", pen.node("Mul", place, pen.number(2)), grid), pen.number(8))
        anchors = pen.constant(np.arange(1, 7, dtype=np.float32).reshape(1, 3, 1, 1, 2))
        doubled = pen.node("Mul", extent, pen.number(2))
        extent = pen.node("Mul", pen.node("Pow", doubled, pen.number(2)), anchors)
        found.append(pen.reshape(pen.node("Concat", place, extent, score, axis=4), 1, -1, 7))
    return pen.done(pen.node("Concat", *found, axis=1)), 2


def distributed_yolo_head():
    """Version 8 and later: no anchors; each side of a box is the mean of a distribution over 16 distances."""
    pen = Pen((1, 3, 64, 64))
    x = pen.conv("x", 3, 8, strides=(2, 2))
    sides, scores, sizes = [], [], (16, 8)
    for size in sizes:
        x = pen.conv(x, 8, 8, strides=(2, 2))
        x = pen.node("Mul", x, pen.node("Sigmoid", x))
        joined = pen.node("Concat", pen.conv(x, 8, 64, (1, 1)), pen.conv(x, 8, 5, (1, 1)), axis=1)
        joined = pen.reshape(joined, 1, 69, size * size)
        sides.append(joined)
    both = pen.node("Concat", *sides, axis=2)
    boxes, scores = pen.node("Split", both, pen.integers(64, 5), outputs=2, axis=1)
    spread = pen.node("Transpose", pen.reshape(boxes, 1, 4, 16, -1), perm=[0, 2, 1, 3])
    means = pen.constant(np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1))
    distances = pen.reshape(pen.node("Conv", pen.node("Softmax", spread, axis=1), means), 1, 4, -1)
    ends = [pen.integers(2), pen.integers(4), pen.integers(1)]
    before = pen.node("Slice", distances, pen.integers(0), pen.integers(2), pen.integers(1))
    behind = pen.node("Slice", distances, *ends)
    grid = np.concatenate([np.stack(np.meshgrid(*[np.arange(s) + 0.5] * 2)).reshape(2, -1) for s in sizes], 1)
    middle = pen.constant(grid[None].astype(np.float32))
    low, high = pen.node("Sub", middle, before), pen.node("Add", middle, behind)
    centre = pen.node("Div", pen.node("Add", low, high), pen.number(2))
    box = pen.node("Concat", centre, pen.node("Sub", high, low), axis=1)
    strides = np.concatenate([np.full(s * s, 64 / s) for s in sizes])[None, None].astype(np.float32)
    scaled = pen.node("Mul", box, pen.constant(strides))
    return pen.done(pen.node("Concat", scaled, pen.node("Sigmoid", scores), axis=1)), 3


def ssd_head():
    """Boxes as offsets from anchors, decoded in the graph; class shares by a softmax."""
    pen = Pen((1, 3, 32, 32))
    x = pen.node("Relu", pen.conv("x", 3, 8, strides=(2, 2)))
    boxes, scores, anchors = [], [], 0
    for size in (8, 4):
        x = pen.node("Relu", pen.conv(pen.conv(x, 8, 8, strides=(2, 2), group=8), 8, 8, (1, 1)))
        for found, width in ((boxes, 4), (scores, 5)):
            head = pen.node("Transpose", pen.conv(x, 8, 3 * width, (1, 1)), perm=[0, 2, 3, 1])
            found.append(pen.reshape(head, 1, -1, width))
        anchors += 3 * size * size
    offsets, shares = (
        pen.node("Concat", *boxes, axis=1),
        pen.node("Softmax", pen.node("Concat", *scores, axis=1), axis=-1),
    )
    centre, extent = (
        pen.node("Slice", offsets, pen.integers(first), pen.integers(first + 2), pen.integers(2)) for first in (0, 2)
    )
    places, sizes = (pen.constant(pen.rng.uniform(0.1, 0.9, (1, anchors, 2)).astype(np.float32)) for _ in range(2))
    middle = pen.node("Add", pen.node("Mul", pen.node("Mul", centre, pen.number(0.1)), sizes), places)
    spread = pen.node("Mul", pen.node("Exp", pen.node("Mul", extent, pen.number(0.2))), sizes)
    half = pen.node("Mul", spread, pen.number(0.5))
    corners = pen.node("Concat", pen.node("Sub", middle, half), pen.node("Add", middle, half), axis=2)
    return pen.done(pen.node("Concat", corners, shares, axis=2)), 0


def audio():
    pen = Pen((1, 1, 256))
    x = pen.node("Relu", pen.normalized(pen.conv("x", 1, 8, (9,), strides=[4]), 8))
    for step in (1, 2, 4):
        x = pen.node("Relu", pen.conv(x, 8, 8, (3,), group=8, dilations=[step], pads=[step, step]))
        x = pen.node("Relu", pen.normalized(pen.conv(x, 8, 8, (1,)), 8))
    x = pen.node("AveragePool", x, kernel_shape=[2], strides=[2])
    return pen.done(pen.node("Softmax", pen.dense(pen.reshape(x, 1, 256), 256, 4), axis=-1)), 0


def vision_transformer():
    pen = Pen((1, 3, 16, 16))
    x = pen.reshape(pen.conv("x", 3, 16, (4, 4), strides=(4, 4), pads=[0] * 4), 1, 16, 16)
    x = pen.node("Add", pen.node("Transpose", x, perm=[0, 2, 1]), pen.weights(1, 16, 16))
    y = pen.node("LayerNormalization", x, pen.weights(16), pen.weights(16))
    packed = pen.node("Transpose", pen.reshape(pen.dense(y, 16, 48), 1, 16, 3, 2, 8), perm=[2, 0, 3, 1, 4])
    query, key, value = (pen.node("Gather", packed, pen.constant(np.int64(place)), axis=0) for place in range(3))
    scores = pen.node("MatMul", query, pen.node("Transpose", key, perm=[0, 1, 3, 2]))
    shares = pen.node("Softmax", pen.node("Mul", scores, pen.number(8**-0.5)), axis=-1)
    mixed = pen.node("Transpose", pen.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    x = pen.node("Add", x, pen.dense(pen.reshape(mixed, 1, 16, 16), 16, 16))
    y = pen.dense(pen.node("LayerNormalization", x, pen.weights(16), pen.weights(16)), 16, 32)
    curve = pen.node("Add", pen.node("Erf", pen.node("Div", y, pen.number(2**0.5))), pen.number(1))
    y = pen.node("Mul", pen.node("Mul", y, curve), pen.number(0.5))
    x = pen.node("Add", x, pen.dense(y, 32, 16))
    return pen.done(pen.dense(pen.node("ReduceMean", x, axes=[1], keepdims=0), 16, 4)), 5


def sharpener():
    pen = Pen((1, 3, 12, 10))
    x = pen.node("PRelu", pen.conv("x", 3, 8), pen.weights(8, 1, 1))
    x = pen.reshape(pen.conv(x, 8, 12), 1, 3, 2, 2, 12, 10)
    return pen.done(pen.reshape(pen.node("Transpose", x, perm=[0, 1, 4, 2, 5, 3]), 1, 3, 24, 20)), 1


FAMILIES = (
    mobile_net_v3,
    shuffle_net_v2,
    u_net,
    yolo_head,
    distributed_yolo_head,
    ssd_head,
    audio,
    vision_transformer,
    sharpener,
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_a_family_keeps_its_answers_with_few_transposes(family):
    content, most = family()
    made = agrees(content)
    assert made.kinds().count("TRANSPOSE") <= most, made.kinds()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_a_family_runs_in_int8(family):
    graph = agrees(family()[0]).graph
    rng = np.random.default_rng(0)
    shape = graph.tensors[graph.inputs[0]].shape
    made = quantize(graph, [rng.standard_normal(shape).astype(np.float32) for _ in range(8)])
    assert made.best.xnnpack_db > 15
    assert made.best.reference_db > 15
