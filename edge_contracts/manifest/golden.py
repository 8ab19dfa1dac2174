"""Recorded inputs and answers that a board replays before it trusts a bundle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_contracts.manifest.part import MemberPath, Part


class Golden(Part):
    """A recorded input and what the artefact answered.

    Attributes:
        input: `.npy` member, in the model's own input shape and dtype.
        outputs: output tensor name to `.npy` member, dequantised float32.
    """

    input: MemberPath
    outputs: Annotated[dict[str, MemberPath], Field(min_length=1)]


class GoldenSet(Part):
    """The goldens, the runtime and kernels that recorded them, and how far another run may lie.

    Attributes:
        tolerance: output tensor name to the largest absolute difference allowed, in the output's real unit.
    """

    runtime: Literal["litert", "tflite", "onnx"]
    runtime_version: str
    kernels: str
    machine: str
    tolerance: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    goldens: tuple[Golden, ...]
