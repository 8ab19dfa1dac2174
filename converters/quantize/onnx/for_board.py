"""The ONNX file that a board's profile asks for: int8 for its processor or for TensorRT, or float16."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from converters.quantize.candidate import MARGIN_DB
from converters.quantize.onnx.float16 import to_float16
from converters.quantize.onnx.quantizer import quantize_onnx
from converters.quantize.onnx.scheme import ASYMMETRIC, SYMMETRIC
from converters.quantize.ranges import RULES
from edge_contracts.card import PrecisionShare
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from converters.quantize.onnx.description import QuantizedOnnx
    from device_profiles.board import Quantisation

Precision = Literal["int8", "float16", "mixed"]


@dataclass(frozen=True, slots=True)
class OnnxForBoard:
    """A finished ONNX file and what the manifest and the card say of it.

    content: its bytes. precision: what its weights mostly are. operators: how many of each kind.
    shares: operators and stored bytes by precision. settings: for the provenance. notes: sentences for the card.
    """

    content: bytes
    precision: Precision
    operators: Mapping[str, int]
    shares: tuple[PrecisionShare, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def onnx_for_board(
    content: bytes,
    samples: Sequence[npt.NDArray[np.float32]],
    wanted: Quantisation,
    progress: Callable[[str, float], None],
    rules: Sequence[str] | None = None,
) -> OnnxForBoard:
    """Make a float ONNX model what the profile's first type of activations says.

    Args:
        content: the bytes of the float model.
        samples: typical inputs in the model's own shape.
        wanted: of the profile.
        progress: told the stage and the fraction of it that is done.
        rules: the range rules to try; None for all.

    Raises:
        BadInputError: ONNX Runtime does not take the model, or it does not fit that type, which has no ranges.
    """
    if wanted.activations[0] == "float16":
        if rules:
            raise BadInputError("wanted a model that becomes integers for a range rule, found float16; leave it out")
        return _halved(to_float16(content, samples), len(samples))
    scheme = SYMMETRIC if wanted.symmetric else ASYMMETRIC
    made = quantize_onnx(content, samples, scheme=scheme, rules=rules or tuple(RULES), progress=progress)
    return OnnxForBoard(
        content=made.content,
        precision="mixed" if made.float_operators else "int8",
        operators=made.operators,
        shares=(
            PrecisionShare(precision="int8", operators=sum(made.int8_operators.values()), bytes=made.int8_bytes),
            PrecisionShare(precision="float32", operators=sum(made.float_operators.values()), bytes=made.float_bytes),
        ),
        settings={"format": f"QDQ, {scheme.name}", "range_rule": made.rule, "samples": len(samples)},
        notes=("inputs and outputs stay float32; ONNX Runtime quantises inside", _told(made.tried, made.rule)),
    )


def _told(tried: Mapping[str, float], kept: str) -> str:
    """What was tried, what was kept, and why where another has more decibels."""
    told = ", ".join(f"{rule} {db:.1f} dB{' (kept)' if rule == kept else ''}" for rule, db in tried.items())
    margin = f"; a later one must win by {MARGIN_DB:g} dB" if max(tried.values()) > tried[kept] else ""
    return f"range rules tried: {told}{margin}"


def _halved(made: QuantizedOnnx, samples: int) -> OnnxForBoard:
    return OnnxForBoard(
        content=made.content,
        precision="float16",
        operators=made.operators,
        shares=(
            PrecisionShare(precision="float16", operators=sum(made.float_operators.values()), bytes=made.float_bytes),
        ),
        settings={"format": "float16, float32 at the ends", "samples": samples},
        notes=(
            "inputs and outputs stay float32; float16 within",
            "a processor without float16 arithmetic computes it in float32: what was compared here rounds the weights "
            "and not every value between",
        ),
    )
