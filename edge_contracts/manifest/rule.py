"""How a model's answer is read as good or not."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.manifest.part import Finite, Part
from edge_contracts.manifest.score_reference import ScoreReference

Share = Annotated[float, Field(ge=0, le=1)]


class AnomalyRule(Part):
    """Defect when the score reaches the threshold.

    Attributes:
        reference: how good parts scored when the threshold was set, None where nobody knows.
    """

    kind: Literal["anomaly"] = "anomaly"
    threshold: Finite
    reference: ScoreReference | None = None


class MapRule(Part):
    """Defect when a figure of the heat map reaches the threshold; places outside a station's mask do not count.

    Attributes:
        measure: `max` the hottest place; `percentile` the value that `percentile` percent of the places stay below;
            `area` the share of the places that reach `hot`.
        hot: from there on a place counts for `area`, in the map's unit.
        threshold: in the map's unit, for `area` a share above 0.
    """

    kind: Literal["map"] = "map"
    measure: Literal["max", "percentile", "area"] = "max"
    percentile: Annotated[float, Field(gt=0, lt=100)] = 99.0
    hot: Finite | None = None
    threshold: Finite

    @property
    def most(self) -> float:
        """What no part goes beyond: the whole map, where its share is measured; infinity else."""
        return 1.0 if self.measure == "area" else inf

    @model_validator(mode="after")
    def _is_complete(self) -> MapRule:
        if (self.measure == "area") != (self.hot is not None):
            raise ValueError(f"the measure {self.measure!r} {'needs' if self.hot is None else 'has no'} `hot`")
        if self.measure == "area" and not 0 < self.threshold <= 1:
            raise ValueError(f"wanted a share of the places above 0 and at most 1, found {self.threshold:g}")
        return self


class ClassRule(Part):
    """Good when the best label is one of `good`; unknown when its probability is below `min_confidence`.

    Attributes:
        thresholds: per label. A label that is not good makes a defect from there on, even when another is best; as the
            best label it must reach it, too. For a good label it replaces `min_confidence`.
    """

    kind: Literal["classes"] = "classes"
    good: Annotated[tuple[str, ...], Field(min_length=1)]
    min_confidence: Share = 0.5
    thresholds: dict[str, Share] = Field(default_factory=dict)


class BoxLimit(Part):
    """How many boxes of one label a good part has.

    Attributes:
        min_score: from there on a box counts; None for the rule's own.
        min_area: smaller boxes do not count, as a share of what is judged of the picture.
        at_most: None for as many as there are.
    """

    min_score: Annotated[float, Field(gt=0, le=1)] | None = None
    min_area: Share = 0.0
    at_least: Annotated[int, Field(ge=0, le=1000)] = 0
    at_most: Annotated[int, Field(ge=0, le=1000)] | None = 0

    @model_validator(mode="after")
    def _can_be_kept(self) -> BoxLimit:
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at least {self.at_least} and at most {self.at_most} cannot both be kept")
        return self


class BoxRule(Part):
    """Good when the boxes of each label are as many as its limit says; a label without one may not occur at all.

    Attributes:
        min_score: from there on a box counts.
    """

    kind: Literal["boxes"] = "boxes"
    min_score: Annotated[float, Field(gt=0, le=1)] = 0.5
    limits: dict[str, BoxLimit] = Field(default_factory=dict)


class AreaLimit(Part):
    """Which share of what is judged a label may cover in a good part; `at_most` itself is still good."""

    at_least: Share = 0.0
    at_most: Share = 0.0

    @model_validator(mode="after")
    def _can_be_kept(self) -> AreaLimit:
        if self.at_least > self.at_most:
            raise ValueError(f"at least {self.at_least:g} and at most {self.at_most:g} cannot both be kept")
        return self


class AreaRule(Part):
    """Good when each label covers as much as its limit says; the background may cover anything, other labels nothing.

    The background is the manifest's first label, unless it has a limit of its own.
    """

    kind: Literal["areas"] = "areas"
    limits: dict[str, AreaLimit] = Field(default_factory=dict)


class NoRule(Part):
    """The model measures and does not judge; a station cannot inspect with it."""

    kind: Literal["none"] = "none"


Rule = Annotated[AnomalyRule | MapRule | ClassRule | BoxRule | AreaRule | NoRule, Field(discriminator="kind")]
