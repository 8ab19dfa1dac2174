"""How many good parts a detector wants; whoever checks or learns reads it here."""

from __future__ import annotations

from edge_contracts.errors import BadInputError

FEWEST_PARTS = 10
"""Photographs."""

FEWEST_RECORDINGS = 5
"""Each is heard as several inputs."""

ADVISED_PARTS = 20


def require_enough(found: int, fewest: int, what: str) -> None:
    """Refuse good parts that are too few to learn from.

    Raises:
        BadInputError: says how many are missing.
    """
    if found < fewest:
        raise BadInputError(
            f"wanted {fewest} or more {what} of good parts ({ADVISED_PARTS} or more advised), found {found}; "
            f"take {fewest - found} more"
        )
