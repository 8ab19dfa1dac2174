"""What a wrong or worn tool does to a part's features: one is missing, or stands where none belongs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """Which feature changes: `pick` in [0, 1) chooses among those that the part has."""

    is_missing: bool
    pick: float
