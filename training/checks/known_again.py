"""Which samples a bundle has met before: figures on them flatter, and a threshold from them lies too low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.bundle import LEARNED
from training.checks.learned_parts import LearnedParts
from training.checks.looked import facts_of

BLOCK = 256
"""Samples that are looked at together: of 100,000 not all are held."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.bundle import Bundle
    from training.dataset import Sample


def known_again(
    bundle: Bundle, samples: Sequence[Sample], progress: Callable[[int], object] | None = None
) -> list[Sample]:
    """Those that taught the bundle's detector, good or defective, or are copies or near-duplicates of one that did.

    None of a bundle that learned nothing, or that was made elsewhere: nobody knows.

    Args:
        bundle: float or converted.
        samples: to be judged.
        progress: called with the number of samples looked at, after each.

    Raises:
        BadInputError: a file that cannot be read, or a bundle whose list of learned parts is damaged.
    """
    learned = learned_parts(bundle)
    if learned is None:
        return []
    found: list[Sample] = []
    for start in range(0, len(samples), BLOCK):
        facts = facts_of(samples[start : start + BLOCK])
        found += [one.sample for one in learned.known(facts)]
        if progress is not None:
            progress(start + len(facts))
    return found


def learned_parts(bundle: Bundle) -> LearnedParts | None:
    """By what the parts that taught a bundle's detector are known again; None where it does not say.

    Raises:
        BadInputError: the list is damaged.
    """
    content = bundle.members.get(LEARNED)
    return None if content is None else LearnedParts.parse(content)
