"""An operator's options: TFLite's option tables as plain dictionaries, and back.

The schema has one table of options per operator family. A graph holds the table's fields under their schema names
(`stride_h`, `fused_activation_function`), enums by their schema names (`SAME`, `RELU6`), vectors as tuples. Every field
is there after reading, whether or not the file spelled it out; a builder may leave out what has its default.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.tflite.flatbuffer import ReadTable

# Operators whose option table is not called after them; the rest are (`CONV_2D` has `Conv2DOptions`), or have none.
_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "RANDOM_STANDARD_NORMAL": "RandomOptions",
    "RANDOM_UNIFORM": "RandomOptions",
    "MULTINOMIAL": "RandomOptions",
}

# The schema's Python classes keep enums as integers; these fields are the enums among them.
_ENUMS = {
    "padding": schema.Padding,
    "fused_activation_function": schema.ActivationFunctionType,
    "weights_format": schema.FullyConnectedOptionsWeightsFormat,
    "quantized_bias_type": schema.TensorType,
    "mode": schema.MirrorPadMode,
    "type": schema.LSHProjectionType,
    "kernel_type": schema.LSTMKernelType,
    "combiner": schema.CombinerType,
    "in_data_type": schema.TensorType,
    "out_data_type": schema.TensorType,
    "output_type": schema.TensorType,
    "out_type": schema.TensorType,
    "idx_out_type": schema.TensorType,
    "key_dtype": schema.TensorType,
    "value_dtype": schema.TensorType,
    "comparison_direction": schema.StablehloComparisonDirection,
    "compare_type": schema.StablehloComparisonType,
    "algorithm": schema.RngAlgorithm,
    "reduce_function": schema.ReduceWindowFunction,
    "composite_attributes_format": schema.CustomOptionsFormat,
}


_SLOTS = {schema.BuiltinOptions: (3, 4), schema.BuiltinOptions2: (11, 12)}
"""The fields of an operator that hold each union: which of its tables, and the table (TFLite's schema.fbs)."""


def enum_name(enum: type[Any], value: int, what: str) -> str:
    """The schema's name of `value` in `enum`; BadInputError naming `what` if this schema has none."""
    name = _names(enum.__name__).get(value)
    if name is not None:
        return name
    raise BadInputError(
        f"{what}: wanted a value of TFLite's {enum.__name__}, found {value}; "
        "the file is damaged, or newer than the installed ai-edge-litert"
    )


@cache
def _names(enum: str) -> dict[int, str]:
    """The first name of each value."""
    names: dict[int, str] = {}
    for name, value in vars(getattr(schema, enum)).items():
        if not name.startswith("_"):
            names.setdefault(value, name)
    return names


def enum_value(enum: type[Any], name: str, what: str) -> int:
    """The schema's number for `name` in `enum`; BadInputError naming `what` if there is no such name."""
    value = vars(enum).get(name)
    if isinstance(value, int):
        return value
    raise BadInputError(f"{what}: TFLite's {enum.__name__} has no {name!r}; see the schema for the names")


def read_options(kind: str, operator: ReadTable) -> dict[str, Any]:
    """Every option of an operator of that kind, defaults included."""
    table = _table_of(kind)
    if table is None:
        return {}
    options = _empty_table(table)
    type_slot, slot = _SLOTS[_union_of(table)]
    stored = operator.table(slot)
    if stored is not None:
        stored_type = operator.number(type_slot, "B")
        if stored_type != getattr(_union_of(table), table):
            raise BadInputError(
                f"{kind}: wanted its options in a {table}, found table type {stored_type}; damaged file"
            )
        options = type(options).InitFromBuf(stored.content, stored.place)
    fields = ((_snake(attribute), value) for attribute, value in vars(options).items() if value is not None)
    return {name: _to_plain(f"{kind}.{name}", name, value) for name, value in fields}


class StoredOptions(NamedTuple):
    """An operator's options as the schema's classes have them.

    table: such as `Conv2DOptionsT`. type: its number in its union. type_slot, slot: where an operator has both.
    """

    table: Any
    type: int
    type_slot: int
    slot: int


def stored_options(kind: str, options: dict[str, Any]) -> StoredOptions | None:
    """The option table that `kind` wants, its fields from `options`, the rest by default; None where it wants none."""
    table = _table_of(kind)
    packed = None if table is None else _empty_table(table)
    attributes = {} if packed is None else {_snake(attribute): attribute for attribute in vars(packed)}
    for name, value in options.items():
        if name not in attributes:
            raise BadInputError(
                f"{kind} has no option {name!r}; its options are {', '.join(sorted(attributes)) or 'none'}"
            )
        setattr(packed, attributes[name], _to_stored(f"{kind}.{name}", name, value))
    if table is None:
        return None
    union = _union_of(table)
    return StoredOptions(packed, getattr(union, table), *_SLOTS[union])


@cache
def _table_of(kind: str) -> str | None:
    if kind in _TABLES:
        return _TABLES[kind]
    wanted = f"{kind.replace('_', '')}options".lower()
    names = {*vars(schema.BuiltinOptions), *vars(schema.BuiltinOptions2)}
    return next((name for name in sorted(names) if name.lower() == wanted), None)


def _union_of(table: str) -> type[Any]:
    union: type[Any] = schema.BuiltinOptions if hasattr(schema.BuiltinOptions, table) else schema.BuiltinOptions2
    return union


def _empty_table(table: str) -> Any:
    return getattr(schema, f"{table}T")()


@cache
def _snake(attribute: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", attribute).lower()


def _to_plain(what: str, name: str, value: Any) -> Any:
    if name in _ENUMS:
        return enum_name(_ENUMS[name], int(value), what)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (np.ndarray, list)):
        return tuple(np.asarray(value).tolist())
    if isinstance(value, (bool, int, float)):
        return value
    raise BadInputError(f"{what}: an option of kind {type(value).__name__} is not handled; convert without it")


def _to_stored(what: str, name: str, value: Any) -> Any:
    if name in _ENUMS:
        return enum_value(_ENUMS[name], str(value), what)
    return list(value) if isinstance(value, (tuple, list, np.ndarray)) else value
