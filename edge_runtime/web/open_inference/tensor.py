"""A named tensor on the wire: its datatype, its shape, and its elements as JSON or as little-endian bytes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.web.shortly import shortly

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "FP32": np.dtype("<f4"),
    "UINT8": np.dtype("u1"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "BOOL": np.dtype("?"),
}
"""The protocol's names of the datatypes that a bundle's model may have; BYTES has no dtype."""
BYTES: Final = "BYTES"
_AXES_MAX = 8
_AXIS_MAX = 1 << 31
_LENGTH = struct.Struct("<I")


class RequestRefused(BadInputError):
    """A request that cannot be answered; the message says what was wanted and found."""


@dataclass(frozen=True, slots=True)
class WireTensor:
    """One tensor.

    values: an array of `shape`, or for BYTES the elements in a row.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: npt.NDArray[Any] | tuple[bytes, ...]


def datatype_of(dtype: npt.DTypeLike) -> str:
    """The protocol's name of a numpy dtype."""
    wanted = np.dtype(dtype)
    for name, known in DTYPES.items():
        if known == wanted:
            return name
    raise RequestRefused(f"wanted a dtype of {', '.join(DTYPES)}, found {wanted}")


def shape_of(name: str, shape: object, most_bytes: int) -> tuple[int, ...]:
    """A shape as it came in JSON, checked before anything is made of it.

    Raises:
        RequestRefused: it is no list of counts, or its elements would not fit in a body.
    """
    if not isinstance(shape, list) or len(shape) > _AXES_MAX or not all(map(_is_count, shape)):
        raise RequestRefused(f"input {name!r}: wanted a shape of at most {_AXES_MAX} counts, found {shortly(shape)}")
    if math.prod(shape) > most_bytes:
        raise RequestRefused(f"input {name!r}: wanted at most {most_bytes:,} elements, found the shape {shape}")
    return tuple(shape)


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: object) -> WireTensor:
    """A tensor whose elements came as JSON numbers, flat or nested.

    Raises:
        RequestRefused: another count than the shape's, or elements that are none of the datatype.
    """
    if datatype == BYTES:
        raise RequestRefused(f"input {name!r}: wanted BYTES as binary data, found JSON; send binary_data_size")
    dtype = _dtype(name, datatype)
    elements = list(_flat(name, data, math.prod(shape)))
    if len(elements) != math.prod(shape):
        raise RequestRefused(
            f"input {name!r}: wanted {math.prod(shape)} elements for {list(shape)}, found {len(elements)}"
        )
    for element in elements:
        _check_element(name, datatype, dtype, element)
    try:
        with np.errstate(over="ignore"):
            values = np.array(elements, np.float64 if dtype.kind == "f" else dtype).astype(dtype)
    except (OverflowError, ValueError) as error:
        raise RequestRefused(f"input {name!r}: wanted elements of {datatype}, found others ({error})") from error
    return WireTensor(name, datatype, shape, _finite(name, values.reshape(shape)))


def from_bytes(name: str, datatype: str, shape: tuple[int, ...], content: memoryview) -> WireTensor:
    """A tensor whose elements came as bytes: little-endian numbers, or BYTES with a length of four bytes each.

    Raises:
        RequestRefused: another number of bytes than the shape asks for.
    """
    count = math.prod(shape)
    if datatype == BYTES:
        elements = tuple(_byte_elements(name, content))
        if len(elements) != count:
            raise RequestRefused(f"input {name!r}: wanted {count} elements for {list(shape)}, found {len(elements)}")
        return WireTensor(name, datatype, shape, elements)
    dtype = _dtype(name, datatype)
    if len(content) != count * dtype.itemsize:
        raise RequestRefused(
            f"input {name!r}: wanted {count * dtype.itemsize} bytes for {datatype} {list(shape)}, found {len(content)}"
        )
    return WireTensor(name, datatype, shape, _finite(name, np.frombuffer(content, dtype).reshape(shape)))


def to_bytes(tensor: WireTensor) -> bytes:
    """The elements as binary data."""
    if isinstance(tensor.values, tuple):
        return b"".join(_LENGTH.pack(len(element)) + element for element in tensor.values)
    return bytes(np.ascontiguousarray(tensor.values, DTYPES[tensor.datatype]).tobytes())


def to_json(tensor: WireTensor) -> list[Any]:
    """The elements as a flat list; what is no number is null, because JSON has no word for it."""
    if isinstance(tensor.values, tuple):
        return [element.decode("utf-8", "replace") for element in tensor.values]
    flat: list[Any] = tensor.values.reshape(-1).tolist()
    if tensor.values.dtype.kind != "f":
        return flat
    return [element if math.isfinite(element) else None for element in flat]


def _dtype(name: str, datatype: str) -> np.dtype[Any]:
    dtype = DTYPES.get(datatype)
    if dtype is None:
        raise RequestRefused(
            f"input {name!r}: wanted a datatype of {', '.join(DTYPES)}, {BYTES}, found {datatype[:20]!r}"
        )
    return dtype


def _flat(name: str, data: object, most: int) -> Iterator[object]:
    """The elements in order; one more than `most` is enough to know."""
    if not isinstance(data, list):
        raise RequestRefused(f"input {name!r}: wanted data as a list, found {shortly(data)}")
    stack, given = [iter(data)], 0
    while stack and given <= most:
        for element in stack[-1]:
            if isinstance(element, list):
                stack.append(iter(element))
                break
            given += 1
            yield element
            if given > most:
                break
        else:
            stack.pop()


def _check_element(name: str, datatype: str, dtype: np.dtype[Any], element: object) -> None:
    if dtype.kind == "b":
        fits = isinstance(element, bool)
    elif isinstance(element, bool) or not isinstance(element, int | float):
        fits = False
    elif dtype.kind == "f":
        fits = True
    else:
        limits = np.iinfo(dtype)
        fits = isinstance(element, int) and limits.min <= element <= limits.max
    if not fits:
        raise RequestRefused(f"input {name!r}: wanted elements of {datatype}, found {shortly(element)}")


def _finite(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise RequestRefused(f"input {name!r}: wanted finite numbers, found NaN or infinity")
    return values


def _byte_elements(name: str, content: memoryview) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        if at + _LENGTH.size > len(content):
            raise RequestRefused(
                f"input {name!r}: wanted a length of {_LENGTH.size} bytes before each element, found less"
            )
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        if at + length > len(content):
            raise RequestRefused(f"input {name!r}: wanted an element of {length} bytes, found {len(content) - at}")
        yield bytes(content[at : at + length])
        at += length


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _AXIS_MAX
