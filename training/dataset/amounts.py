"""How many good parts a detector wants."""

from __future__ import annotations

FEWEST_PARTS = 10
ADVISED_PARTS = 20
