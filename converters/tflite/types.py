"""Element types: TFLite's tensor types and numpy's, both ways."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.tflite.options import enum_name
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_LOW_HALF = 0x0F
_SIGN = 0x08  # of four bits in two's complement

INT4: np.dtype[Any] = np.dtype(ml_dtypes.int4)
"""One value per byte here; two per byte in a file."""

_DTYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.FLOAT16: np.dtype("<f2"),
    schema.TensorType.FLOAT64: np.dtype("<f8"),
    schema.TensorType.INT4: INT4,
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
    """The dtype for a TFLite tensor type; BadInputError for one that numpy has not (strings, bfloat16)."""
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


def stored_bytes(values: npt.NDArray[Any]) -> bytes:
    """The bytes of a constant in a file: little-endian, int4 two per byte with the first in the lower half."""
    if values.dtype != INT4:
        return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    halves = values.reshape(-1).astype(np.int8).view(np.uint8) & _LOW_HALF
    padded = np.append(halves, np.zeros(halves.size % 2, np.uint8))
    return bytes((padded[::2] | padded[1::2] << 4).tobytes())


def stored_size(shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    """How many bytes `stored_bytes` gives for values of this shape and dtype."""
    return (prod(shape) + 1) // 2 if dtype == INT4 else prod(shape) * dtype.itemsize


def values_of(stored: memoryview, shape: Sequence[int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """What `stored_bytes` made those bytes of."""
    if dtype != INT4:
        return np.frombuffer(stored, dtype).reshape(shape)
    packed = np.frombuffer(stored, np.uint8)
    halves = np.stack([packed & _LOW_HALF, packed >> 4], axis=1).reshape(-1)[: prod(shape)]
    signed = (halves.astype(np.int8) ^ _SIGN) - _SIGN
    return signed.astype(INT4).reshape(shape)
