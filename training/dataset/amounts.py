"""How many good parts a detector wants; whoever checks or learns reads it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset.sample import Sample

FEWEST_PARTS = 10
"""Photographs."""

FEWEST_RECORDINGS = 5
"""Each is heard as several inputs."""

ADVISED_PARTS = 20

MOST_PARTS = 1000
"""Good ones that are learned, and as many defective ones; more bring nothing (docs/decisions/198)."""


def drawn_by_lot(samples: Sequence[Sample], seed: int, most: int = MOST_PARTS) -> list[Sample]:
    """As many samples as are learned at most, in their order; which ones, the seed says."""
    if len(samples) <= most:
        return list(samples)
    places = np.random.default_rng(seed).choice(len(samples), most, replace=False)
    return [samples[place] for place in sorted(places.tolist())]


def require_enough(found: int, fewest: int, what: str, reason: str = "") -> None:
    """Refuse good parts that are too few to learn from.

    Args:
        found: how many there are.
        fewest: that are needed.
        what: they are.
        reason: why there are no more, as from `counted_once`.

    Raises:
        BadInputError: says how many are missing.
    """
    if found < fewest:
        raise BadInputError(
            f"wanted {fewest} or more {what} of good parts ({ADVISED_PARTS} or more advised), found {found}; "
            f"take {fewest - found} more{reason}"
        )


def counted_once(groups: Sequence[str]) -> str:
    """Why there are fewer parts than files, given a name per file that relatives share; empty where there are not."""
    different = len(set(groups))
    if different == len(groups):
        return ""
    return (
        f" ({len(groups)} good ones are {different} group{'s' if different > 1 else ''}: what shares a group in the "
        "manifest, as 'lepton data split' writes for all that was taken in one go, or is nearly the same counts once)"
    )
