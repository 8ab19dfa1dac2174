"""Drawn parts as detectors and heads see them: computed once, so that hundreds of splits can learn some of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from typing import TYPE_CHECKING

import cv2
import numpy as np

from lepton.demo.parts import draw_part
from training.detectors.copies import ENOUGH_PARTS, copies_for
from training.detectors.drawn_faults import FAULTS, drawn_faults
from training.detectors.views import seen
from training.features.feature_part import extract_features
from training.features.gabor import gabor_features
from training.heads.pooled import add_pooled, pooled_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Pixels = npt.NDArray[np.uint8]

SIDE_PX = 96
BELT = 70
DEFECTS = ("scratch", "dent", "contamination")


@dataclass(frozen=True, slots=True)
class DrawnEvidence:
    """N good parts and M defective ones.

    good: N×V×h×w×C, the part first, then its shifted copies. faulty: N×F×h×w×C, with faults drawn on it.
    defective: M×h×w×C. good_pooled, defective_pooled: N×4×D and M×4×D, as heads read them.
    """

    good: Floats
    faulty: Floats
    defective: Floats
    good_pooled: Floats
    defective_pooled: Floats


def drawn_evidence(good: int, defective: int) -> DrawnEvidence:
    """Draw brackets at half size, each from its own seed, and look at them with Gabor layers."""
    with Pool() as pool:
        frames = pool.map(_good, range(good), chunksize=8)
        bad = pool.map(_defective, range(defective), chunksize=8)
    part = gabor_features(SIDE_PX, SIDE_PX)
    faults = [fault for place, one in enumerate(frames) for fault in drawn_faults(one, np.random.default_rng(place))]
    faulty = extract_features(part, faults)
    pooled = partial(_pooled, add_pooled(part))
    return DrawnEvidence(
        good=seen(part, frames, copies_for(ENOUGH_PARTS - 1, None, 0)),
        faulty=faulty.reshape(good, FAULTS, *faulty.shape[1:]),
        defective=extract_features(part, bad),
        good_pooled=pooled(frames),
        defective_pooled=pooled(bad),
    )


def _pooled(part: object, frames: list[Pixels]) -> Floats:
    views = (np.ascontiguousarray(view) for one in frames for view in (one, one[:, ::-1], one[::-1], one[::-1, ::-1]))
    return pooled_rows(part, views).reshape(len(frames), 4, -1)


def _good(seed: int) -> Pixels:
    return _frame(draw_part("bracket", np.random.default_rng(seed)))


def _defective(seed: int) -> Pixels:
    random = np.random.default_rng([seed, 1])
    return _frame(draw_part("bracket", random, DEFECTS[seed % len(DEFECTS)]))


def _frame(part: Pixels) -> Pixels:
    drawn = part.astype(np.float32)
    share = drawn[..., 3:] / 255
    picture = drawn[..., :3] * share + BELT * (1 - share)
    return np.asarray(cv2.resize(np.rint(picture).astype(np.uint8), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA))
