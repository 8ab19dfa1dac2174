"""What every piece of the manifest is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from edge_contracts.plain_numbers import PlainNumbers

Finite = Annotated[float, Field(allow_inf_nan=False)]
Dtype = Literal["uint8", "int8", "int16", "int32", "int64", "float32"]
Shape = Annotated[tuple[Annotated[int, Field(ge=1, le=1 << 24)], ...], Field(max_length=8)]
MemberPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?$")]


class Part(PlainNumbers):
    """A piece of the manifest; unknown keys are errors, because a board must not half-understand a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")
