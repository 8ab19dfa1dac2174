"""The detectors that there are, by the name that `lepton train --detector` takes.

The first of each table is the one to take where nothing speaks for another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.detectors.autoencoder import fit_autoencoder
from training.detectors.figures_gauss import fit_figures
from training.detectors.gauss import fit_gauss
from training.detectors.memory_bank import fit_memory_bank
from training.detectors.pooled import of_the_whole
from training.detectors.student import fit_student

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.detectors.normality import Fit

GAUSS = "gauss"
AUTO = "auto"


def detector_kinds() -> dict[str, Fit]:
    """Those of photographs."""
    return {GAUSS: fit_gauss, "memory": fit_memory_bank, "student": fit_student}


def sound_kinds() -> dict[str, Fit]:
    """Those of recordings."""
    return {GAUSS: of_the_whole(fit_gauss), "autoencoder": of_the_whole(fit_autoencoder)}


def reading_kinds() -> dict[str, Fit]:
    """Those of a sensor's readings."""
    return {GAUSS: fit_figures}


def require_kind(kind: str, kinds: Mapping[str, Fit], what: str) -> None:
    """Refuse a detector that does not learn such samples; `auto` is for all.

    Raises:
        BadInputError: says which do.
    """
    if kind not in (AUTO, *kinds):
        raise BadInputError(
            f"wanted a detector of {what} ({', '.join((AUTO, *kinds))}), found {kind!r}; choose one of them"
        )
