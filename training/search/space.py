"""What may be searched: what detectors and networks have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.search.judged import Judged

Criterion = Literal["separation", "auroc", "score"]
"""separation: of drawn faults from good parts (`training.detectors.choice`). auroc: of held-out good and defective
parts. score: a network's, on held-out pictures."""

Params: TypeAlias = "dict[str, str | float]"
"""A candidate, by the names of what may differ."""


def key_of(params: Params) -> str:
    """One text for one candidate."""
    return json.dumps(params, sort_keys=True)


class Space(Protocol):
    """Candidates, and how one is judged."""

    @property
    def criterion(self) -> Criterion:
        """What quality means."""
        ...

    @property
    def about(self) -> Mapping[str, str]:
        """What trials must have in common to be compared: data, options, program, `criterion`."""
        ...

    @property
    def usual(self) -> Params:
        """The first candidate: what `lepton train` does with the first of each option."""
        ...

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Names of what is one of several, and these, the usual one first."""
        ...

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """Names of what lies between two values greater than zero, and these; searched by ratios."""
        ...

    @property
    def all(self) -> Sequence[Params] | None:
        """Every candidate; None where there is a range."""
        ...

    @property
    def note(self) -> str:
        """A sentence on what the criterion leaves out; empty where that is nothing."""
        ...

    def judge(self, params: Params) -> Judged:
        """Train a candidate on training data, measure it.

        Raises:
            BadInputError: its parameters do not go together, or the data does not suit.
        """
        ...

    def make(self, params: Params, output: Path) -> tuple[str, ...]:
        """Write the bundle of a candidate as `lepton train` does; what to tell it, to have the same again.

        Raises:
            BadInputError: as `judge`.
        """
        ...
