"""`make bench-threshold`: what becomes of 5 % overkill at 90 % confidence over 200 random splits of drawn parts.

Good parts are drawn once; each split learns some of them, sets both thresholds from cross-validated scores, and counts
how many of all the others are rejected. A promise is broken where that share lies above 5 %. Parts are drawn at half
size and seen by Gabor layers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from multiprocessing import Pool
from typing import TYPE_CHECKING

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from lepton.demo.parts import draw_part
from training.confidence import share_interval
from training.detectors.crossvalidation import held_out_scores
from training.detectors.gauss import fit_gauss
from training.detectors.normality import score
from training.detectors.threshold_rule import ThresholdRule
from training.features.feature_part import extract_features
from training.features.gabor import gabor_features

if TYPE_CHECKING:
    import numpy.typing as npt

PARTS, LEARNED, SPLITS = 600, 60, 200
OVERKILL, CONFIDENCE = 0.05, 0.90
SIDE_PX = 96
BELT = 70


@dataclass(frozen=True, slots=True)
class Split:
    """Share of the parts that were not learned which each rule's threshold rejects."""

    lognormal: float
    conformal: float


def main() -> None:
    """Print both rules' figures, or with --json each split's."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--parts", type=int, default=PARTS)
    parser.add_argument("--learned", type=int, default=LEARNED)
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    features = drawn_features(asked.parts)
    print(f"drew {asked.parts} parts", file=sys.stderr)
    with threadpool_limits(limits=1, user_api="blas"):
        splits = [realised(features, asked.learned, seed) for seed in range(asked.splits)]
    if asked.json:
        print(json.dumps([[one.lognormal, one.conformal] for one in splits]))
        return
    print(f"{asked.splits} splits: {asked.learned} parts learned, {asked.parts - asked.learned} judged by each")
    for name in ("lognormal", "conformal"):
        print(line(name, [getattr(one, name) for one in splits]))


def drawn_features(parts: int) -> npt.NDArray[np.float32]:
    """Features N×h×w×C of N good brackets, each from its own seed."""
    with Pool() as pool:
        frames = pool.map(_frame, range(parts), chunksize=8)
    return extract_features(gabor_features(SIDE_PX, SIDE_PX), frames)


def realised(features: npt.NDArray[np.float32], learned: int, seed: int) -> Split:
    """One split: learn, set both thresholds, judge the rest."""
    order = np.random.default_rng(seed).permutation(len(features))
    known, rest = features[order[:learned]], features[order[learned:]]
    groups = [str(number) for number in range(learned)]
    scores, _ = held_out_scores(known[:, None], groups, seed)
    gauss = fit_gauss(known)
    judged = np.array([score(gauss, one) for one in rest])
    limits = {
        name: ThresholdRule(name, OVERKILL, CONFIDENCE).threshold(scores.tolist(), groups).value
        for name in ("lognormal", "conformal")
    }
    return Split(*(float(np.mean(judged >= limits[name])) for name in ("lognormal", "conformal")))


def line(name: str, shares: list[float]) -> str:
    """What became of one rule."""
    broken = sum(one > OVERKILL for one in shares)
    bound = share_interval(broken, len(shares))
    allowed = 1 - CONFIDENCE
    word = "kept" if broken <= allowed * len(shares) else "NOT kept" if name == "conformal" else "no promise"
    return (
        f"{name:10} realised overkill: mean {statistics.fmean(shares):.3f}, median {statistics.median(shares):.3f}, "
        f"greatest {max(shares):.3f}; above {OVERKILL:.0%} in {broken} of {len(shares)} splits (95 % interval "
        f"{bound.low:.1%} to {bound.high:.1%}); at most {allowed:.0%} of the splits: {word}"
    )


def _frame(seed: int) -> npt.NDArray[np.uint8]:
    drawn = draw_part("bracket", np.random.default_rng(seed)).astype(np.float32)
    share = drawn[..., 3:] / 255
    picture = drawn[..., :3] * share + BELT * (1 - share)
    return np.asarray(cv2.resize(np.rint(picture).astype(np.uint8), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA))


if __name__ == "__main__":
    main()
