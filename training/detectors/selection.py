"""The choice of detector and layer, made on photographs: what is tried, on how many of them, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.detectors.choice import Trial, preferred, separation
from training.detectors.drawn_faults import FAULTS, drawn_faults
from training.detectors.kinds import detector_kinds
from training.detectors.views import seen
from training.features.feature_part import extract_features

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt

    from training.detectors.copies import Copies
    from training.features.feature_part import FeaturePart

    Pixels = npt.NDArray[np.uint8]
    Features = npt.NDArray[np.float32]

MOST_LOOKED_AT = 60
"""Photographs, spread over all: more make the choice slower and hardly surer."""

NOT_FINE = frozenset({"student"})
"""Kinds that are not tried on a fine layer, where neighbours give a place away: worse on every set that was tried."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen.

    kind: of detector. stride_px: of the layer. trials: what was compared, the usual one first; empty where nothing was.
    """

    kind: str
    stride_px: int
    trials: tuple[Trial, ...] = ()


def select(
    parts: Mapping[int, FeaturePart],
    frames: Sequence[Pixels],
    groups: Sequence[str],
    copies: Copies,
    seed: int,
    kept: dict[int, Features] | None = None,
) -> Selection:
    """Try every kind of detector on every layer and keep the preferred one; see `tried`."""
    trials = tried(parts, frames, groups, copies, seed, detector_kinds(), kept)
    chosen = preferred(trials)
    return Selection(chosen.kind, chosen.stride_px, trials)


def tried(
    parts: Mapping[int, FeaturePart],
    frames: Sequence[Pixels],
    groups: Sequence[str],
    copies: Copies,
    seed: int,
    kinds: Collection[str],
    kept: dict[int, Features] | None = None,
) -> tuple[Trial, ...]:
    """What kinds of detector show on layers.

    Args:
        parts: stride to feature part, the usual one first.
        frames: N photographs at the parts' input size, H×W×3 uint8 RGB.
        groups: N names; relatives are held out together.
        copies: to learn beside each.
        seed: of the faults, the folds and the detectors.
        kinds: of `detector_kinds`.
        kept: is given what each part saw, by its stride, where it saw all photographs: see `seen`.
    """
    places = _spread_over(groups)
    looked_at, names = [frames[place] for place in places], [groups[place] for place in places]
    random = np.random.default_rng(seed)
    faults = [fault for frame in looked_at for fault in drawn_faults(frame, random)]
    trials = []
    for stride, part in parts.items():
        features = seen(part, looked_at, copies)
        if kept is not None and len(looked_at) == len(frames):
            kept[stride] = features
        faulty = extract_features(part, faults)
        faulty = faulty.reshape(len(looked_at), FAULTS, *faulty.shape[1:])
        for kind in kinds:
            if stride == next(iter(parts)) or kind not in NOT_FINE:
                found = separation(features, faulty, names, seed, detector_kinds()[kind])
                trials.append(Trial(kind, stride, found))
    return tuple(trials)


def _spread_over(groups: Sequence[str]) -> list[int]:
    """Places of at most sixty parts: of as many groups as there are, and then of all, evenly."""
    firsts = sorted({name: place for place, name in reversed(list(enumerate(groups)))}.values())
    others = sorted(set(range(len(groups))).difference(firsts))
    return sorted([*_evenly(firsts, MOST_LOOKED_AT), *_evenly(others, MOST_LOOKED_AT - len(firsts))])


def _evenly(places: Sequence[int], most: int) -> list[int]:
    if most < 1 or not places:
        return []
    return [places[one] for one in np.unique(np.linspace(0, len(places) - 1, most).astype(int)).tolist()]
