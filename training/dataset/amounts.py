"""How many good parts a detector wants; whoever checks or learns reads it here."""

from __future__ import annotations

FEWEST_PARTS = 10
"""Photographs."""

FEWEST_RECORDINGS = 5
"""Each is heard as several inputs."""

ADVISED_PARTS = 20
