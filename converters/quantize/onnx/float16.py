"""Float ONNX to float16 ONNX, for boards whose processor computes in it and has no int8.

Inputs and outputs stay float32. Operators for which float16 is too narrow by nature stay float32, as ONNX Runtime's own
converter lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.onnx.description import QuantizedOnnx, describe_onnx
from converters.quantize.onnx.observation import observe_onnx
from converters.quantize.onnx.prepare import Packages, first_line, prepare
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converters.quantize.activation import Observation

LARGEST = 65504.0
"""The largest finite float16 (IEEE 754 binary16)."""


def to_float16(content: bytes, samples: Sequence[npt.NDArray[np.float32]]) -> QuantizedOnnx:
    """Store and compute in float16 what a float model stores and computes in float32.

    Args:
        content: the bytes of the float model.
        samples: typical inputs, whose values must fit float16.

    Raises:
        BadInputError: not a model that ONNX Runtime loads, or one whose values leave float16's range.
        MissingExtraError: the packages onnx and onnxruntime are not installed.
    """
    packages = Packages.load()
    model = prepare(packages, content)
    own = [np.ascontiguousarray(sample, np.float32) for sample in samples]
    try:
        _refuse_overflow(observe_onnx(packages, model, own))
        halved = _halved(model)
        packages.session(halved)
    except BadInputError:
        raise
    except packages.failures() as error:
        raise BadInputError(f"ONNX Runtime does not make this model float16: {first_line(error)}") from error
    return describe_onnx(packages.onnx, halved, "", (), (), {})


def _refuse_overflow(seen: Mapping[str, Observation]) -> None:
    """Look at the float model's values: a processor without float16 computes in float32 and would not overflow here."""
    for name, observation in seen.items():
        largest = max(-observation.lowest, observation.highest)
        if largest > LARGEST:
            raise BadInputError(
                f"wanted values within float16's 65,504, found {largest:g} in {name!r}; scale the model's layers down, "
                "or choose float32 in the board's profile"
            )


def _halved(model: Any) -> bytes:
    from onnxruntime.transformers.float16 import convert_float_to_float16  # noqa: PLC0415 - heavy

    content: bytes = convert_float_to_float16(model, keep_io_types=True).SerializeToString()
    return content
