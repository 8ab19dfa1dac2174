"""What a head says of a part while the part was held out, and that it says nothing of noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converters.gate.metrics import auroc
from training.heads.evidence import Evidence
from training.heads.folds import stratified_folds
from training.heads.fusion import CELL_HEAD, POOLED_HEAD
from training.heads.head import fit_heads, held_out_logits
from training.heads.pooled_head import PooledHead

GOOD, DEFECTS, NUMBERS, VIEWS = 60, 40, 150, 4
IS_DEFECT = np.arange(GOOD + DEFECTS) >= GOOD
PAIRS = tuple(f"part-{place // 2}" for place in range(GOOD + DEFECTS))


def _noise(groups: tuple[str, ...] = PAIRS) -> Evidence:
    """Numbers of parts, and of 2×2 places of each, that say nothing of which is defective."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(len(IS_DEFECT), VIEWS, NUMBERS)).astype(np.float32)
    cells = random.normal(size=(len(IS_DEFECT), 2, 2, NUMBERS)).astype(np.float32)
    marks = np.zeros((len(IS_DEFECT), 2, 2), np.bool_)
    marks[IS_DEFECT, 0, 0] = True
    return Evidence(IS_DEFECT, rows, cells, marks, groups)


@pytest.mark.parametrize("name", [POOLED_HEAD, CELL_HEAD])
def test_of_noise_a_head_learns_nothing_that_parts_held_out_would_show(name: str) -> None:
    evidence = _noise()
    held_out, known = held_out_logits(evidence, 0)[name], fit_heads(evidence, IS_DEFECT | True)[name]
    assert auroc(held_out[~IS_DEFECT], held_out[IS_DEFECT]) == pytest.approx(0.5, abs=0.12)
    flattered = known.logits(evidence, IS_DEFECT | True)
    assert auroc(flattered[~IS_DEFECT], flattered[IS_DEFECT]) > 0.8


@pytest.mark.parametrize("name", [POOLED_HEAD, CELL_HEAD])
def test_a_logit_is_that_of_a_fit_without_the_part_and_its_relatives(name: str) -> None:
    evidence, place = _noise(), 7
    folds = stratified_folds(evidence.groups, evidence.kinds, 3)
    without = fit_heads(evidence, folds != folds[place])[name]
    assert folds[place] == folds[place - 1]
    (wanted,) = without.logits(evidence, np.arange(len(folds)) == place)
    assert held_out_logits(evidence, 3)[name][place] == pytest.approx(wanted, rel=1e-6)


def test_what_a_relative_looks_like_changes_nothing() -> None:
    """Parts 6 and 7 share a group; part 30 is of another fold."""
    evidence = _noise()
    folds, before = stratified_folds(PAIRS, evidence.kinds, 0), held_out_logits(evidence, 0)[POOLED_HEAD]

    def after(other: int) -> float:
        pooled = evidence.pooled.copy()
        pooled[other] += 50
        return float(held_out_logits(replace(evidence, pooled=pooled), 0)[POOLED_HEAD][7])

    stranger = int(np.flatnonzero(folds != folds[7])[0])
    assert after(6) == pytest.approx(before[7], rel=1e-6)
    assert after(stranger) != pytest.approx(before[7], rel=1e-2)


def test_every_view_of_a_defect_is_learned_as_one() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(len(IS_DEFECT), VIEWS, 3)).astype(np.float32)
    rows[IS_DEFECT, :, 0] += 9
    evidence = replace(_noise(), pooled=rows)
    logits = PooledHead.fit(evidence, IS_DEFECT | True).logits(evidence, IS_DEFECT | True)
    assert logits[~IS_DEFECT].max() < 0 < logits[IS_DEFECT].min()
