"""How a model's answer is read as good or not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_contracts.manifest.part import Finite, Part


class AnomalyRule(Part):
    """Defect when the score reaches the threshold."""

    kind: Literal["anomaly"] = "anomaly"
    threshold: Finite


class ClassRule(Part):
    """Good when the best label is one of `good`; unknown when its probability is below `min_confidence`."""

    kind: Literal["classes"] = "classes"
    good: Annotated[tuple[str, ...], Field(min_length=1)]
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5


class NoRule(Part):
    """The model measures and does not judge; a station cannot inspect with it."""

    kind: Literal["none"] = "none"
