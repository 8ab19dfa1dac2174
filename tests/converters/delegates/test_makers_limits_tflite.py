"""What each maker limits in TFLite files: a network just inside runs on the accelerator, one just outside does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.delegates import read_nodes
from device_profiles.delegate_files import delegate_names, load_delegate
from device_profiles.placement import check_delegate
from tests.fakes.lone_operators import Given, indices, tflite_of, weights

if TYPE_CHECKING:
    from device_profiles.placement.fate import DelegateReport, Fate

Row = tuple[str, str, bytes, bytes, str]
"""The accelerator, the limit, a file inside of it, one outside, and the fate of that one."""


def real(*shape: int, dtype: str = "float32") -> Given:
    return Given(shape, dtype, scales=0)


P = Given((1, 8, 8, 4))
F = real(1, 8, 8, 4)
B4 = indices(0, 0, 0, 0)
W, BIAS = weights(4, 3, 3, 4), indices(0, 0, 0, 0)
FW = Given((4, 3, 3, 4), "float32", weights(4, 3, 3, 4, dtype="float32").data, scales=0)
ZEROS, SEVENS = weights(1, 8, 8, 4, fill=0), weights(1, 8, 8, 4, fill=7)


def relu(given: Given) -> bytes:
    return tflite_of("RELU", [given], given)


def lone(kind: str, *inputs: Given, out: Given = P, **options: object) -> bytes:
    return tflite_of(kind, inputs, out, **options)


def conv(weights: Given = W, given: Given = P, **options: object) -> bytes:
    return tflite_of("CONV_2D", [given, weights, BIAS], given, **options)


def float_conv(side: int = 3, **options: object) -> bytes:
    kernel = weights(4, side, side, 4, dtype="float32", scales=0)
    return tflite_of("CONV_2D", [F, kernel], F, **options)


def pooled(side: int) -> bytes:
    return tflite_of("MAX_POOL_2D", [F], F, filter_height=side, filter_width=side)


def strided(*strides: int, kind: str = "STRIDED_SLICE", **masks: int) -> bytes:
    return tflite_of(kind, [P, B4, indices(1, 8, 8, 4), indices(*strides)], P, **masks)


def resized(side: int, given: Given = F, **options: object) -> bytes:
    out = Given((1, side, side, 4), given.dtype, scales=given.scales)
    return tflite_of("RESIZE_NEAREST_NEIGHBOR", [given, indices(side, side)], out, **options)


def lstm(state: str) -> bytes:
    absent = weights(1, 1)
    inputs = [Given((1, 4)), *[absent] * 17, Given((1, 4)), real(1, 4, dtype=state)]
    return tflite_of("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, Given((1, 4)))


EDGETPU: list[tuple[str, bytes, bytes, str]] = [
    ("types", relu(P), relu(F), "processor"),
    ("fixed_shapes", relu(P), relu(Given((1, -1, 8, 4))), "processor"),
    ("max_inner_axes", relu(P), relu(Given((2, 8, 8, 4))), "processor"),
    ("options", lone("MAX_POOL_2D", P), lone("MAX_POOL_2D", P, fused_activation_function="RELU"), "processor"),
    ("options", strided(1, 1, 1, 1), strided(1, 1, 1, 1, ellipsis_mask=1), "processor"),
    ("options", strided(1, 1, 1, 1), strided(1, 1, 1, 1, new_axis_mask=1), "processor"),
    ("one_inputs", strided(1, 1, 1, 1), strided(1, 2, 2, 1), "processor"),
    ("zero_constant_of_two", lone("CONCATENATION", P, ZEROS), lone("CONCATENATION", P, SEVENS), "processor"),
    ("zero_constant_of_two", lone("CONCATENATION", P, P, P), lone("CONCATENATION", P, P, ZEROS), "processor"),
    ("same_types", conv(), conv(weights(4, 3, 3, 4, dtype="uint8")), "processor"),
    ("constant_inputs", conv(), conv(Given((4, 3, 3, 4))), "processor"),
    (
        "equal_dilations",
        conv(dilation_h_factor=2, dilation_w_factor=2),
        conv(dilation_h_factor=1, dilation_w_factor=2),
        "processor",
    ),
    (
        "vector_output",
        lone("FULLY_CONNECTED", Given((1, 8)), weights(2, 8), out=Given((1, 2))),
        lone("FULLY_CONNECTED", Given((4, 8)), weights(2, 8), out=Given((4, 2))),
        "processor",
    ),
    ("spares_batch", lone("MEAN", P, indices(1, 2)), lone("MEAN", P, indices(0, 1)), "processor"),
    ("spares_batch", lone("REDUCE_MAX", P, indices(1, 2)), lone("REDUCE_MAX", P, indices(-4)), "processor"),
    (
        "reduced_channels_multiple",
        lone("MEAN", P, indices(3)),
        lone("MEAN", Given((1, 8, 8, 2)), indices(-1)),
        "processor",
    ),
    (
        "max_vector",
        lone("SOFTMAX", Given((1, 16000)), out=Given((1, 16000))),
        lone("SOFTMAX", Given((1, 16001)), out=Given((1, 16001))),
        "processor",
    ),
    (
        "max_vector",
        lone("RESHAPE", Given((1, 1, 1, 1001)), indices(1, 1001), out=Given((1, 1001))),
        lone("RESHAPE", Given((1, 1, 1, 1002)), indices(1, 1002), out=Given((1, 1002))),
        "unknown",
    ),
    ("vector_inputs", lone("PRELU", P, weights(1, 1, 4)), lone("PRELU", P, weights(8, 8, 4)), "processor"),
    (
        "leading_ones",
        lone("SQUEEZE", Given((1, 5, 10)), out=Given((5, 10))),
        lone("SQUEEZE", Given((5, 1, 10)), out=Given((5, 10))),
        "processor",
    ),
]

HAILO: list[tuple[str, bytes, bytes, str]] = [
    ("types", relu(F), relu(P), "unknown"),
    ("kernel_strides", float_conv(3), float_conv(5), "unknown"),
    ("kernel_strides", float_conv(stride_h=2, stride_w=2), float_conv(stride_h=3, stride_w=3), "unknown"),
    ("kernel_strides", float_conv(7, stride_h=2, stride_w=2), float_conv(7), "unknown"),
    ("kernel_strides", float_conv(6, stride_h=2, stride_w=2), float_conv(6, stride_h=1, stride_w=2), "unknown"),
    ("kernel_strides", pooled(5), pooled(7), "unknown"),
    ("dilations", float_conv(), float_conv(dilation_h_factor=2, dilation_w_factor=2), "unknown"),
    ("max_whole_scale", resized(16), resized(24), "unknown"),
    ("max_whole_scale", resized(16), resized(12), "unknown"),
]

U = Given((1, 8, 8, 4), "uint8")
S = Given((1, 8, 8, 4), "int16")
I = real(1, 8, 8, 4, dtype="int32")  # noqa: E741 - beside P, F, U and S
TFLM: list[tuple[str, bytes, bytes, str]] = [
    ("types", relu(P), relu(Given((1, 4), "uint8")), "refused"),
    ("types", relu(Given((1, 4), "int16")), lone("HARD_SWISH", S, out=S), "refused"),
    ("types", lone("FLOOR", F, out=F), lone("FLOOR", P), "refused"),
    ("types", lone("RELU6", F, out=F), lone("RELU6", P), "unknown"),
    ("weight_types", conv(FW, F), lone("CONV_2D", F, W, out=F), "refused"),
    ("one_type", conv(), lone("CONV_2D", P, W, out=S), "refused"),
    ("constant_inputs", lone("RESHAPE", P, B4), lone("RESHAPE", P, real(4, dtype="int32")), "unknown"),
    ("input_types", lone("GATHER", P, B4), lone("GATHER", S, B4, out=S), "refused"),
    ("output_types", lone("QUANTIZE", F, out=S), lone("QUANTIZE", F, out=I), "unknown"),
    ("filled_axes", relu(P), relu(Given((1, 0))), "refused"),
]

MATRIX, BATCHED = Given((1, 4, 4), "uint8"), Given((2, 8, 8, 4))
VERISILICON: list[tuple[str, bytes, bytes, str]] = [
    (
        "stored_types",
        lone("GATHER", P, indices(1)),
        lone("GATHER", P, Given((1,), "int64", indices(1).data.astype("int64"), scales=0)),
        "processor",
    ),
    ("output_types", relu(P), relu(S), "processor"),
    ("output_types", lone("ONE_HOT", F, out=F), lone("ONE_HOT", F, out=real(1, dtype="bool")), "processor"),
    ("filled_axes", relu(P), relu(Given((1, 0))), "processor"),
    ("max_rank", relu(Given((1,) * 6)), relu(Given((1,) * 7)), "processor"),
    ("options", strided(1, 2, 2, 1), strided(1, 2, 2, 1, ellipsis_mask=1), "processor"),
    ("options", strided(1, 2, 2, 1), strided(1, 2, 2, 1, new_axis_mask=1), "processor"),
    ("options", conv(), conv(fused_activation_function="SIGN_BIT"), "processor"),
    ("types", conv(), conv(weights(4, 3, 3, 4, dtype="int16"), S), "processor"),
    ("same_types", conv(), conv(weights(4, 3, 3, 4, dtype="uint8")), "processor"),
    ("grouped_batch_of_one", conv(given=BATCHED), conv(weights(4, 3, 3, 2), BATCHED), "processor"),
    ("grouped_batch_of_one", conv(weights(4, 3, 3, 2)), conv(weights(4, 3, 3, 2), BATCHED), "processor"),
    ("constant_inputs", lone("PAD", P, indices([0, 0])), lone("PAD", P, real(4, 2, dtype="int32")), "processor"),
    (
        "exclusive_options",
        lone("BATCH_MATMUL", MATRIX, MATRIX, out=MATRIX, adj_x=True),
        lone("BATCH_MATMUL", MATRIX, MATRIX, out=MATRIX, adj_x=True, adj_y=True),
        "processor",
    ),
    (
        "max_height_width",
        lone("SOFTMAX", Given((1, 65535)), out=Given((1, 65535))),
        lone("SOFTMAX", Given((1, 65536)), out=Given((1, 65536))),
        "processor",
    ),
    (
        "per_tensor_inputs",
        lone("DEQUANTIZE", P, out=F),
        lone("DEQUANTIZE", Given((1, 8, 8, 4), scales=4), out=F),
        "processor",
    ),
    (
        "per_tensor_outputs",
        lone("QUANTIZE", F),
        lone("QUANTIZE", F, out=Given((1, 8, 8, 4), scales=4)),
        "processor",
    ),
    ("input_types", lone("QUANTIZE", F), lone("QUANTIZE", S), "processor"),
    ("input_types", lone("ADD", P, P), lone("ADD", S, S), "processor"),
    ("input_types", lone("ARG_MAX", U, indices(1), out=I), lone("ARG_MAX", P, indices(1), out=I), "processor"),
    ("input_types", lstm("int16"), lstm("float32"), "processor"),
    (
        "keeps_batch_from_rank",
        lone("SLICE", BATCHED, B4, indices(2, 8, 8, 4), out=BATCHED),
        lone("SLICE", BATCHED, B4, indices(1, 8, 8, 4)),
        "processor",
    ),
    ("quantised_bytes", resized(16, P), resized(16, real(1, 8, 8, 4, dtype="int8")), "processor"),
    (
        "min_rank",
        lone("SPACE_TO_BATCH_ND", P, indices(2, 2), indices([0, 0], [0, 0])),
        lone("SPACE_TO_BATCH_ND", Given((1, 8, 4)), indices(2, 2), indices([0, 0], [0, 0]), out=Given((1, 8, 4))),
        "processor",
    ),
    (
        "same_rank",
        lone("SELECT", real(1, 8, 8, 4, dtype="bool"), F, F, out=F),
        lone("SELECT", real(4, dtype="bool"), F, F, out=F),
        "processor",
    ),
]

ROWS: list[Row] = [
    (name, *row)
    for name, rows in (("edgetpu", EDGETPU), ("hailo", HAILO), ("tflm", TFLM), ("verisilicon", VERISILICON))
    for row in rows
]
IDS = [f"{place}-{name}-{limit}" for place, (name, limit, *_) in enumerate(ROWS)]


def report(name: str, content: bytes) -> DelegateReport:
    return check_delegate(load_delegate(name), "tflite", read_nodes(content, "tflite"))


def test_each_limit_of_each_accelerator_is_tried_here() -> None:
    named = {
        (name, limit)
        for name in delegate_names()
        if (rules := load_delegate(name).rules.get("tflite")) is not None
        for limits in (rules.every, *(rule.limits for rule in rules.operators))
        for limit in limits.model_dump(exclude_defaults=True, exclude={"source"})
    }
    assert {(name, limit) for name, limit, *_ in ROWS} == named


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_network_just_inside_runs(row: Row) -> None:
    name, _, inside, _, _ = row
    told = report(name, inside)
    assert told.fits, told.operators


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_network_just_outside_does_not_and_is_told_why(row: Row) -> None:
    name, _, _, outside, fate = row
    (operator,) = report(name, outside).operators
    wanted: Fate = operator.fate
    assert (wanted, operator.reason[:7]) == (fate, "wanted ")
