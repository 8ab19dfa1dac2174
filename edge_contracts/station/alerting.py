"""How grave a defect is, and how often it is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from edge_contracts.station.settings import Settings
from edge_contracts.verdict import Grade


class GradeRule(Settings):
    """Defects of a label, or of any, from a score on: how grave they are. The gravest that fits counts."""

    label: Annotated[str | None, Field(description="any label when left out")] = None
    from_score: Annotated[float | None, Field(allow_inf_nan=False, description="any score when left out")] = None
    grade: Grade


class Alerting(Settings):
    """Which defects are told at once; what is held back is counted and told later, and every verdict stands."""

    defects: Annotated[int, Field(ge=1, le=1000, description="so many defects …")] = 1
    of: Annotated[int, Field(ge=1, le=1000, description="… among so many parts make an alert")] = 1
    cool_down_s: Annotated[
        float, Field(ge=0, le=86_400, description="defects of one label are told once in this time")
    ] = 0.0

    @model_validator(mode="after")
    def _can_happen(self) -> Alerting:
        if self.defects > self.of:
            raise ValueError(f"wanted at most {self.of} defects of {self.of} parts, found {self.defects}; raise of")
        return self
