"""`make bench-threshold`: what becomes of 5 % overkill at 90 % confidence over 200 random splits of drawn parts.

Good parts are drawn once; each split learns some of them, sets both thresholds from cross-validated scores, and counts
how many of all the others are rejected. A promise is broken where that share lies above 5 %. Parts are drawn at half
size and seen by Gabor layers. Ways to learn: `gauss` alone; `auto`, which chooses the kind of detector on the very
parts that set the threshold; `labels`, where a head learned from twelve defects is joined as held-out parts say.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from edge_contracts.errors import BadInputError
from tests.bench.drawn_evidence import DrawnEvidence, drawn_evidence
from training.confidence import share_interval
from training.detectors.choice import Trial, preferred, separation
from training.detectors.copies import ENOUGH_PARTS
from training.detectors.crossvalidation import held_out_scores
from training.detectors.kinds import GAUSS, detector_kinds
from training.detectors.normality import score
from training.detectors.selection import MOST_LOOKED_AT
from training.detectors.threshold_rule import ThresholdRule
from training.heads.choice import choose
from training.heads.evidence import Evidence
from training.heads.head import fit_heads, held_out_logits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

PARTS, LEARNED, SPLITS, DEFECTS = 600, (30, 60, 120), 200, 60
DEFECTS_LEARNED = 12
OVERKILL, CONFIDENCE = 0.05, 0.90
RULES = ("lognormal", "conformal")


@dataclass(frozen=True, slots=True)
class Scored:
    """Held-out scores of the learned parts, scores of all others, and what was chosen."""

    held_out: Floats
    others: Floats
    choice: str


@dataclass(frozen=True, slots=True)
class Split:
    """One split's parts. known: places of the learned good ones; others: of all the rest. defects: of learned ones."""

    known: npt.NDArray[np.intp]
    others: npt.NDArray[np.intp]
    defects: npt.NDArray[np.intp]
    seed: int

    @property
    def groups(self) -> list[str]:
        """Each part is its own."""
        return [str(place) for place in self.known.tolist()]


def main() -> None:
    """Print both rules' figures for each way and number of parts, or with --json each split's."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--parts", type=int, default=PARTS)
    parser.add_argument("--learned", type=int, nargs="+", default=LEARNED)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    drawn = drawn_evidence(asked.parts, DEFECTS)
    print(f"drew {asked.parts} good parts and {DEFECTS} defective ones", file=sys.stderr)
    for way in asked.ways:
        for learned in asked.learned:
            with threadpool_limits(limits=1, user_api="blas"):
                splits = [_split(asked.parts, learned, seed) for seed in range(asked.splits)]
                found = [WAYS[way](drawn, split) for split in splits]
            told(way, learned, splits, found, as_json=asked.json)


def told(way: str, learned: int, splits: Sequence[Split], found: Sequence[Scored], *, as_json: bool) -> None:
    """Print what became of every rule."""
    choices = dict(Counter(one.choice for one in found).most_common())
    if not as_json:
        print(f"{way}, {learned} parts learned, {len(splits[0].others)} judged, {len(splits)} splits: {choices}")
    for name in RULES:
        rule = ThresholdRule(name, OVERKILL, CONFIDENCE)
        try:
            shares = [_rejected(rule, split, one) for split, one in zip(splits, found, strict=True)]
        except BadInputError as refusal:
            print(json.dumps([way, learned, name, str(refusal)]) if as_json else f"  {name:10} {refusal}", flush=True)
            continue
        print(json.dumps([way, learned, name, shares]) if as_json else f"  {line(name, shares)}", flush=True)


def gauss(drawn: DrawnEvidence, split: Split, kind: str = GAUSS) -> Scored:
    """One kind of detector; few parts are learned with their copies."""
    fit = detector_kinds()[kind]
    views = drawn.good[split.known] if len(split.known) < ENOUGH_PARTS else drawn.good[split.known, :1]
    scores, _ = held_out_scores(views, split.groups, split.seed, fit)
    normality = fit(views.reshape(-1, *views.shape[2:]), np.random.default_rng(split.seed))
    others = np.array([score(normality, one) for one in drawn.good[split.others, 0]])
    return Scored(scores, others, kind)


def auto(drawn: DrawnEvidence, split: Split) -> Scored:
    """The kind that separates drawn faults best from these parts."""
    places = split.known[np.unique(np.linspace(0, len(split.known) - 1, MOST_LOOKED_AT).astype(int))]
    views = drawn.good[places] if len(split.known) < ENOUGH_PARTS else drawn.good[places, :1]
    groups = [str(place) for place in places.tolist()]
    trials = [
        Trial(kind, 0, separation(views, drawn.faulty[places], groups, split.seed, fit))
        for kind, fit in detector_kinds().items()
    ]
    return gauss(drawn, split, preferred(trials).kind)


def labels(drawn: DrawnEvidence, split: Split) -> Scored:
    """A head learned from some defects, joined with the good-only score as held-out parts say."""
    alone = gauss(drawn, split)
    fit = detector_kinds()[GAUSS](drawn.good[split.known, 0], np.random.default_rng(split.seed))
    bad = np.array([score(fit, one) for one in drawn.defective[split.defects]])
    pooled = np.concatenate([drawn.good_pooled[split.known], drawn.defective_pooled[split.defects]])
    is_defect = np.arange(len(pooled)) >= len(split.known)
    evidence = _evidence(pooled, is_defect)
    good_only, logits = np.concatenate([alone.held_out, bad]), held_out_logits(evidence, split.seed)
    alone_each = [str(place) for place in range(len(pooled))]
    fusion = choose(good_only, logits, is_defect, np.arange(len(pooled)), alone_each).fusion
    heads = fit_heads(evidence, np.ones(len(pooled), np.bool_))
    rest = _evidence(drawn.good_pooled[split.others], np.zeros(len(split.others), np.bool_))
    of_rest = {name: head.logits(rest, np.ones(len(split.others), np.bool_)) for name, head in heads.items()}
    joined = fusion.joined(good_only, logits)[~is_defect]
    return replace(alone, held_out=joined, others=fusion.joined(alone.others, of_rest), choice=fusion.choice)


WAYS: dict[str, Callable[[DrawnEvidence, Split], Scored]] = {"gauss": gauss, "auto": auto, "labels": labels}


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


def _split(parts: int, learned: int, seed: int) -> Split:
    random = np.random.default_rng(seed)
    order = random.permutation(parts)
    return Split(order[:learned], order[learned:], random.permutation(DEFECTS)[:DEFECTS_LEARNED], seed)


def _rejected(rule: ThresholdRule, split: Split, scored: Scored) -> float:
    return float(np.mean(scored.others >= rule.threshold(scored.held_out.tolist(), split.groups).value))


def _evidence(pooled: npt.NDArray[np.float32], is_defect: npt.NDArray[np.bool_]) -> Evidence:
    count = len(pooled)
    nowhere = np.zeros((count, 1, 1), np.bool_)
    groups = tuple(map(str, range(count)))
    return Evidence(is_defect, pooled, np.zeros((0, 1, 1, 0), np.float32), nowhere, groups)


if __name__ == "__main__":
    main()
