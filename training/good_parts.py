"""Good parts learned with eyes or ears, whichever they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset import Photographs
from training.dataset.subjects import Recordings, are_sounds
from training.detectors.learn import learn
from training.detectors.learn_sounds import learn_sounds
from training.detectors.sight import AS_USUAL, READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.dataset import Sample
    from training.detectors.learn import Detector
    from training.detectors.sight import Backbone, Sight
    from training.detectors.threshold_rule import ThresholdRule


def learn_good(
    samples: Sequence[Sample],
    *,
    groups: Sequence[str] | None,
    backbone: Backbone | None,
    kind: str,
    rule: ThresholdRule,
    seed: int,
    sight: Sight = AS_USUAL,
    progress: Callable[[int], object] | None = None,
) -> Detector:
    """`learn` for photographs, `learn_sounds` for recordings; see there.

    Raises:
        BadInputError: some are photographs and some recordings, a sight for recordings, or as there.
    """
    if are_sounds(samples):
        if sight not in (AS_USUAL, READINGS):
            raise BadInputError("wanted photographs for --side, --layer or --augment, found sounds; leave them out")
        recordings = Recordings(samples)
        return learn_sounds(
            recordings,
            groups=groups,
            backbone=backbone,
            readings=sight.readings,
            kind=kind,
            rule=rule,
            seed=seed,
            progress=progress,
        )
    if sight.readings:
        raise BadInputError("wanted WAV files for --readings, found photographs; leave it out")
    photographs = Photographs(samples)
    return learn(
        photographs,
        groups=groups,
        backbone=backbone,
        kind=kind,
        sight=sight,
        rule=rule,
        seed=seed,
        progress=progress,
    )
