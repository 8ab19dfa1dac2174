"""What is wrong with a dataset before anything is learned from it, and how it is split without a leak."""

from __future__ import annotations

from training.checks.check import CheckedDataset, check_dataset
from training.checks.finding import Finding

__all__ = ["CheckedDataset", "Finding", "check_dataset"]
