"""The labelled defects of a dataset, taught to a detector that learned its good parts; or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.dataset import Photographs
from training.dataset.subjects import Recordings, are_sounds
from training.heads.folds import FOLDS
from training.heads.layered_part import layered_ear, layered_part
from training.heads.learn import Lesson, teach
from training.heads.learn_sounds import teach_sounds
from training.heads.outline import outline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.dataset import Sample
    from training.detectors.learn import Backbone, Detector
    from training.detectors.threshold_rule import ThresholdRule
    from training.heads.joining import Taught


def why_not(good: Sequence[Sample], defects: Sequence[Sample], families: Sequence[str]) -> str:
    """Why these defects cannot be learned, as a sentence; empty where they can or where there is none.

    Args:
        good: what was learned.
        defects: what there is.
        families: a name for each of both, the good ones first, that relatives share. A good part that is a defect's
            relative counts with the defects.
    """
    if not defects:
        return ""
    of_defects = set(families[len(good) :])
    for kind, names in (("defects", of_defects), ("good parts", set(families[: len(good)]) - of_defects)):
        if len(names) < FOLDS:
            return (
                f"{len(defects)} labelled defects were not learned: {FOLDS} {kind} that are no relatives (what shares "
                "a group or is nearly the same counts once) are needed to tell whether they help"
            )
    return ""


def teach_samples(
    detector: Detector,
    good: Sequence[Sample],
    defects: Sequence[Sample],
    *,
    families: Sequence[str],
    backbone: Backbone | None,
    rule: ThresholdRule,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> Taught:
    """Teach the defects.

    Args:
        detector: what `good` taught.
        good: in the order in which they were learned.
        defects: those for which `why_not` says nothing.
        families: as there.
        backbone: what the detector sees with; None for Gabor layers.
        rule: how the threshold is set.
        seed: shuffles the folds.
        progress: called with the number of photographs read, after each.

    Raises:
        BadInputError: a picture or mask that cannot be read.
    """
    samples = [*good, *defects]
    if are_sounds(samples):
        ear = layered_ear(Recordings(good), backbone)
        recordings = Recordings(samples)
        return teach_sounds(
            detector, ear, recordings, families, good=len(good), rule=rule, seed=seed, progress=progress
        )
    lesson = Lesson(
        photographs=Photographs(samples),
        is_defect=np.arange(len(samples)) >= len(good),
        outlines=[outline_of(one) for one in samples],
        groups=families,
    )
    part = layered_part(detector, backbone)
    return teach(detector, part, lesson, rule=rule, seed=seed, progress=progress)
