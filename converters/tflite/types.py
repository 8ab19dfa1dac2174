"""Element types: TFLite's tensor types and numpy's, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.tflite.options import enum_name
from edge_contracts.errors import BadInputError

_DTYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.FLOAT16: np.dtype("<f2"),
    schema.TensorType.FLOAT64: np.dtype("<f8"),
    schema.TensorType.INT8: np.dtype("i1"),
    schema.TensorType.INT16: np.dtype("<i2"),
    schema.TensorType.INT32: np.dtype("<i4"),
    schema.TensorType.INT64: np.dtype("<i8"),
    schema.TensorType.UINT8: np.dtype("u1"),
    schema.TensorType.UINT16: np.dtype("<u2"),
    schema.TensorType.UINT32: np.dtype("<u4"),
    schema.TensorType.UINT64: np.dtype("<u8"),
    schema.TensorType.BOOL: np.dtype("?"),
    schema.TensorType.COMPLEX64: np.dtype("<c8"),
    schema.TensorType.COMPLEX128: np.dtype("<c16"),
}


def numpy_dtype(tensor_type: int, tensor_name: str) -> np.dtype[Any]:
    """The dtype for a TFLite tensor type; BadInputError for one that numpy has not (strings, int4, bfloat16)."""
    if tensor_type in _DTYPES:
        return _DTYPES[tensor_type]
    found = enum_name(schema.TensorType, tensor_type, f"type of tensor {tensor_name!r}")
    raise BadInputError(
        f"tensor {tensor_name!r}: wanted a float, integer or bool tensor, found {found}; export without it"
    )


def tensor_type(dtype: np.dtype[Any], tensor_name: str) -> int:
    """TFLite's tensor type for numpy's `dtype`; BadInputError where there is none."""
    for known, candidate in _DTYPES.items():
        if candidate == dtype:
            return known
    raise BadInputError(f"tensor {tensor_name!r}: TFLite has no type for numpy's {dtype}; cast it first")
