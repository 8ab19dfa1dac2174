"""What a bundle must bring so that a point can be taught, and why one that does not cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.bundle import BundleRejected
from edge_contracts.known_parts import KNOWN_GOOD
from edge_contracts.manifest import AnomalyRule, ImageInput
from edge_runtime.lessons.known import read_examples, read_known

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.manifest import Manifest, ScoreReference
    from edge_runtime.lessons.known import Example, KnownParts

TRAIN_AGAIN = "train again with this version of 'lepton train', and convert"


@dataclass(frozen=True, slots=True)
class Teachable:
    """What a bundle must bring so that it can be taught.

    digest: names it. known: its good parts. deviation: of the logarithm of their scores.
    examples: parts that it can show.
    """

    digest: str
    known: KnownParts
    deviation: float
    examples: tuple[Example, ...] = ()


def teachable(
    manifest: Manifest, digest: str, member: Callable[[str], bytes | None], *, whole: bool
) -> Teachable | str:
    """What a bundle brings, or why it cannot be taught, as a sentence.

    Args:
        manifest: the bundle's.
        digest: its name.
        member: gives a file of the bundle, None for one that it has not.
        whole: whether one model sees the whole part at once, and no tiles.
    """
    rule, row = manifest.rule, next((one for one in manifest.outputs if one.role == "features"), None)
    if not whole:
        return "a point with tiles or several models cannot be taught: each part has more than one score"
    if not isinstance(rule, AnomalyRule) or not isinstance(manifest.input, ImageInput):
        return "only a detector of pictures with an anomaly score can be taught; label parts and train again"
    known_good = member(KNOWN_GOOD)
    if row is None or known_good is None or rule.reference is None or rule.reference.quantiles[0] <= 0:
        return f"teaching needs a bundle with features and known good parts, and this one has none; {TRAIN_AGAIN}"
    try:
        width = int(np.prod(row.shape))
        known, examples = read_known(known_good, width), read_examples(member, width)
    except BundleRejected as error:
        return str(error)
    return Teachable(digest, known, _deviation(rule.reference), examples)


def _deviation(reference: ScoreReference) -> float:
    return float(np.log(reference.quantiles).std())
