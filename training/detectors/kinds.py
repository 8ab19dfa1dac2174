"""The detectors that there are, by the name that `lepton train --detector` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.detectors.gauss import fit_gauss
from training.detectors.memory_bank import fit_memory_bank
from training.detectors.student import fit_student

if TYPE_CHECKING:
    from training.detectors.normality import Fit

GAUSS = "gauss"


def detector_kinds() -> dict[str, Fit]:
    """Name to what learns; the first is the one to take where nothing speaks for another."""
    return {GAUSS: fit_gauss, "memory": fit_memory_bank, "student": fit_student}
