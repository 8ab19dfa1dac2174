"""What a head is: it learns from some parts, says a logit of others, and draws itself as operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from training.heads.cell_head import CellHead
from training.heads.folds import stratified_folds
from training.heads.fusion import CELL_HEAD, POOLED_HEAD
from training.heads.pooled_head import PooledHead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.features.wiring import Wiring
    from training.heads.drawn_head import DrawnHead
    from training.heads.evidence import Evidence


class Head(Protocol):
    """A fitted head."""

    @property
    def reads(self) -> str:
        """The tensor that it weighs."""
        ...  # pragma: no cover

    def logits(self, evidence: Evidence, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """One logit per chosen part; greater is more suspicious."""
        ...  # pragma: no cover

    def draw_head(self, pen: Wiring) -> DrawnHead:
        """Append the operators that make the logit."""
        ...  # pragma: no cover


FITS: Mapping[str, Callable[[Evidence, npt.NDArray[np.bool_]], Head]] = {
    POOLED_HEAD: PooledHead.fit,
    CELL_HEAD: CellHead.fit,
}
"""How each head is fitted to the known ones among the parts."""


def heads_for(evidence: Evidence) -> tuple[str, ...]:
    """Which heads there is evidence for."""
    return (POOLED_HEAD, CELL_HEAD) if evidence.cells.size else (POOLED_HEAD,)


def fit_heads(evidence: Evidence, known: npt.NDArray[np.bool_]) -> dict[str, Head]:
    """Fit each head that there is evidence for."""
    return {name: FITS[name](evidence, known) for name in heads_for(evidence)}


def held_out_logits(evidence: Evidence, seed: int) -> dict[str, npt.NDArray[np.float64]]:
    """Each head's logit of every part, from a fit that knew neither it nor a relative."""
    folds = stratified_folds(evidence.groups, evidence.kinds, seed)
    found = {name: np.zeros(len(folds)) for name in heads_for(evidence)}
    for fold in np.unique(folds):
        held_out = folds == fold
        for name, head in fit_heads(evidence, ~held_out).items():
            found[name][held_out] = head.logits(evidence, held_out)
    return found
