"""Pictures or sounds and what they show: read from where a user has them, never decoded before they are asked for."""

from __future__ import annotations

from training.dataset.photographs import Photographs
from training.dataset.reading import read_dataset
from training.dataset.sample import Box, Sample
from training.dataset.subjects import Recordings
from training.dataset.version import dataset_version

__all__ = ["Box", "Photographs", "Recordings", "Sample", "dataset_version", "read_dataset"]
