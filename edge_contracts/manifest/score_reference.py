"""How good parts scored when a threshold was set, so that a board can tell when they no longer do."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from edge_contracts.manifest.part import Finite, Part


class ScoreReference(Part):
    """A distribution by its quantiles, evenly spaced from the smallest score to the largest.

    Attributes:
        quantiles: ascending; the first is the smallest score, the last the largest.
        samples: good parts that it rests on.
    """

    quantiles: Annotated[tuple[Finite, ...], Field(min_length=5, max_length=101)]
    samples: Annotated[int, Field(ge=5)]

    @field_validator("quantiles")
    @classmethod
    def _ascend(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if any(after < before for before, after in pairwise(quantiles)):
            raise ValueError("wanted ascending quantiles")
        return quantiles

    def scaled(self, factor: float) -> ScoreReference:
        """The same distribution of scores that are larger by a factor above 0."""
        return ScoreReference(quantiles=tuple(one * factor for one in self.quantiles), samples=self.samples)
