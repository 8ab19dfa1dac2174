"""What every table of the station file is made of: strict keys, and the units of its numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from edge_contracts.plain_numbers import PlainNumbers

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[float, Field(gt=0, le=600_000)]
PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Settings(PlainNumbers):
    """A table of the file; frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
