"""Pictures and what they show: read from where a user has them, never decoded before they are asked for."""

from __future__ import annotations

from training.dataset.samples import Photographs, Sample, groups_of, read_dataset

__all__ = ["Photographs", "Sample", "groups_of", "read_dataset"]
