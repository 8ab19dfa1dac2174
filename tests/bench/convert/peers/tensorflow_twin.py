"""The same network for TensorFlow: a float graph, rebuilt operator by operator with its weights, as a SavedModel.

Runs in TensorFlow's environment: `python tensorflow_twin.py GRAPH.npz SAVED_MODEL INPUT.npy OUTPUTS.npz`. The twin is
run once on the input; how far it is from the outputs that are given is printed as JSON, relative to their largest.

A twin converts as its Keras file does: ResNet-8's `.h5` through `from_keras_model` gave 91.0 % agreement, 16.41 dB and
98,464 bytes, its twin 91.0 %, 16.42 dB and 92,976 bytes, at the same latency (TensorFlow 2.21).
"""

from __future__ import annotations

import json
import sys

import numpy as np
import tensorflow as tf

FUSED = {"NONE": lambda x: x, "RELU": tf.nn.relu, "RELU6": tf.nn.relu6, "TANH": tf.math.tanh}


def _conv(o, x, weights, bias=None):
    y = tf.nn.conv2d(x, tf.transpose(weights, (1, 2, 3, 0)), _strides(o), o["padding"], dilations=_dilations(o))
    return y if bias is None else tf.nn.bias_add(y, bias)


def _depthwise(o, x, weights, bias=None):
    height, width, channels = weights.shape[1:]
    shaped = tf.reshape(weights, (height, width, x.shape[-1], channels // x.shape[-1]))
    strides = (1, o["stride_h"], o["stride_w"], 1)
    y = tf.nn.depthwise_conv2d(x, shaped, strides, o["padding"], dilations=_dilations(o))
    return y if bias is None else tf.nn.bias_add(y, bias)


def _transposed(o, shape, weights, x, bias=None):
    kernel = tf.transpose(weights, (1, 2, 0, 3))
    y = tf.nn.conv2d_transpose(x, kernel, [int(size) for size in shape], _strides(o), o["padding"])
    return y if bias is None else tf.nn.bias_add(y, bias)


def _fully_connected(o, x, weights, bias=None):
    flat = x if len(x.shape) == 2 or o.get("keep_num_dims") else tf.reshape(x, (-1, weights.shape[1]))
    y = tf.linalg.matmul(flat, tf.transpose(weights))
    return y if bias is None else y + bias


def _pool(kind):
    def rule(o, x):
        return kind(x, (o["filter_height"], o["filter_width"]), _strides(o), o["padding"])

    return rule


def _strided(o, x, begin, end, strides):
    masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return tf.strided_slice(x, begin, end, strides, **{mask: o.get(mask, 0) for mask in masks})


def _resize(method):
    def rule(o, x, size):
        kind = tf.raw_ops.ResizeNearestNeighbor if method == "nearest" else tf.raw_ops.ResizeBilinear
        how = {"align_corners": o["align_corners"], "half_pixel_centers": o["half_pixel_centers"]}
        return kind(images=x, size=size, **how)

    return rule


def _strides(o):
    return (o["stride_h"], o["stride_w"])


def _dilations(o):
    return (o.get("dilation_h_factor", 1), o.get("dilation_w_factor", 1))


def _split(o, axis, x):
    return tf.split(x, o["num_splits"], int(axis))


OPERATORS = {
    "ADD": lambda _o, x, y: x + y,
    "AVERAGE_POOL_2D": _pool(tf.nn.avg_pool2d),
    "BATCH_MATMUL": lambda o, x, y: tf.linalg.matmul(x, y, transpose_a=o["adj_x"], transpose_b=o["adj_y"]),
    "CONCATENATION": lambda o, *xs: tf.concat(xs, o["axis"]),
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DIV": lambda _o, x, y: x / y,
    "EXP": lambda _o, x: tf.exp(x),
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": lambda o, x, places: tf.gather(x, places, axis=o["axis"], batch_dims=o.get("batch_dims", 0)),
    "GELU": lambda o, x: tf.nn.gelu(x, o["approximate"]),
    "HARD_SWISH": lambda _o, x: x * tf.nn.relu6(x + 3.0) * np.float32(1 / 6),
    "LOGISTIC": lambda _o, x: tf.nn.sigmoid(x),
    "MAX_POOL_2D": _pool(tf.nn.max_pool2d),
    "MAXIMUM": lambda _o, x, y: tf.maximum(x, y),
    "MEAN": lambda o, x, axes: tf.reduce_mean(x, np.atleast_1d(axes), keepdims=o["keep_dims"]),
    "MINIMUM": lambda _o, x, y: tf.minimum(x, y),
    "MUL": lambda _o, x, y: x * y,
    "PAD": lambda _o, x, pads: tf.pad(x, pads),
    "PADV2": lambda _o, x, pads, value: tf.pad(x, pads, constant_values=value),
    "RELU": lambda _o, x: tf.nn.relu(x),
    "RELU6": lambda _o, x: tf.nn.relu6(x),
    "RESHAPE": lambda _o, x, shape: tf.reshape(x, shape),
    "RESIZE_BILINEAR": _resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "RSQRT": lambda _o, x: tf.math.rsqrt(x),
    "SLICE": lambda _o, x, begin, size: tf.slice(x, begin, size),
    "SOFTMAX": lambda _o, x: tf.nn.softmax(x),
    "SPLIT": _split,
    "SQUEEZE": lambda o, x: tf.squeeze(x, list(o["squeeze_dims"])),
    "STRIDED_SLICE": _strided,
    "SUB": lambda _o, x, y: x - y,
    "TANH": lambda _o, x: tf.math.tanh(x),
    "TRANSPOSE": lambda _o, x, axes: tf.transpose(x, axes),
    "TRANSPOSE_CONV": _transposed,
}


class Twin(tf.Module):
    """The graph as one function of one input."""

    def __init__(self, stored) -> None:
        super().__init__()
        self.graph = json.loads(str(stored["graph"]))
        self.constants = {int(key[1:]): stored[key] for key in stored.files if key[0] == "c"}
        shape = self.graph["tensors"][self.graph["inputs"][0]]["shape"]
        self.call = tf.function(self._run, [tf.TensorSpec([1, *shape[1:]], tf.float32, name="input")])

    def _run(self, x):
        values = dict(self.constants) | {self.graph["inputs"][0]: x}
        for operator in self.graph["operators"]:
            found = [values[place] for place in operator["inputs"] if place is not None]
            made = OPERATORS[operator["kind"]](operator["options"], *found)
            made = made if isinstance(made, (list, tuple)) else [made]
            activate = FUSED[operator["options"].get("fused_activation_function", "NONE")]
            values |= {place: activate(value) for place, value in zip(operator["outputs"], made, strict=True)}
        outputs = self.graph["outputs"]
        return {f"output_{place}": values[name] for place, name in enumerate(outputs)}


def main(graph: str, out: str, sample: str, expected: str) -> None:
    """Rebuild, compare, save."""
    with np.load(graph) as stored:
        kinds = {operator["kind"] for operator in json.loads(str(stored["graph"]))["operators"]}
        if strangers := sorted(kinds - set(OPERATORS)):
            raise SystemExit(f"no TensorFlow twin for the operators {', '.join(strangers)}")
        twin = Twin(stored)
    found = twin.call(tf.constant(np.load(sample)))
    with np.load(expected) as wanted:
        apart = max(
            float(np.abs(found[f"output_{place}"].numpy() - wanted[key]).max() / max(np.abs(wanted[key]).max(), 1e-9))
            for place, key in enumerate(wanted.files)
        )
    tf.saved_model.save(twin, out, signatures={"serving_default": twin.call})
    print(json.dumps({"apart": apart}))


if __name__ == "__main__":
    main(*sys.argv[1:])
