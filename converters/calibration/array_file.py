"""Arrays as calibration data: `.npy` with the model's own axes, or raw float32 `.bin` without any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

FLOAT32_BYTES = 4
TO_FLOAT32 = "save it again after .astype(numpy.float32), in the units that the model was trained on"


def read_array(path: Path, size: int) -> npt.NDArray[np.float32]:
    """Read one file, in its own shape; a raw one as one row.

    Args:
        path: the file.
        size: values of one input, which tells a raw file of bytes from one of float32.

    Raises:
        BadInputError: damaged, of another type, or with values that are no numbers.
    """
    try:
        values = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _raw(path, size)
    except (OSError, ValueError, EOFError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(
            f"wanted a numpy array or raw float32 values, found {path}: {error}; write the file again"
        ) from error
    if not isinstance(values, np.ndarray) or values.dtype != np.float32:
        found = getattr(values, "dtype", type(values).__name__)
        raise BadInputError(f"wanted float32 values, the model's input type, found {found} in {path}; {TO_FLOAT32}")
    if not np.isfinite(values).all():
        raise BadInputError(f"wanted finite values, found NaN or infinity in {path}; remove the file")
    return values


def _raw(path: Path, size: int) -> npt.NDArray[np.float32]:
    stored = path.stat().st_size
    if stored % (FLOAT32_BYTES * size) and not stored % size:
        raise BadInputError(
            f"wanted raw float32 values, {FLOAT32_BYTES * size} bytes for each input, found {stored} bytes in {path}, "
            f"which would be {stored // size} of int8 or uint8; {TO_FLOAT32}"
        )
    if stored % FLOAT32_BYTES:
        raise BadInputError(
            f"wanted raw float32 values, {FLOAT32_BYTES * size} bytes for each input, found {stored} bytes in {path}; "
            "write the file again"
        )
    return np.fromfile(path, np.float32)


def require_shape(values: npt.NDArray[Any], wanted: tuple[int, ...], name: str) -> None:
    """Refuse an array whose values would fit only by reading them in another order.

    Axes of length 1 say nothing, several inputs may lie along a first axis, and a single row is taken as raw values.

    Args:
        values: what was given.
        wanted: one input, in the axes of the user's own model.
        name: where it came from.

    Raises:
        BadInputError: neither one input nor several.
    """
    size = int(np.prod(wanted))
    if not values.size or values.size % size:
        raise BadInputError(
            f"wanted a whole number of inputs of shape {wanted} ({size} float32 values each) in {name}, "
            f"found {values.size} values; write the inputs whole, in float32"
        )
    one, found = _long_axes(wanted), _long_axes(values.shape)
    if values.ndim == 1 or found in {one, (values.size // size, *one)}:
        return
    turned = sorted(found) in (sorted(one), sorted((values.size // size, *one)))
    todo = (
        "it seems transposed: turn its axes with numpy.transpose" if turned else "reshape it as the model was trained"
    )
    raise BadInputError(
        f"wanted inputs of shape {wanted}, or several along a first axis, in {name}, found shape {values.shape}; {todo}"
    )


def _long_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)
