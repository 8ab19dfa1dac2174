"""Which samples a bundle has met before, and how to say it: figures on them flatter, a threshold from them is low."""

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
) -> list[Sample] | None:
    """Those that taught the bundle's detector, good or defective, or are copies or near-duplicates of one that did.

    None where the bundle has no list of what it learned, as one that was made elsewhere: nobody knows.

    Args:
        bundle: float or converted.
        samples: to be judged.
        progress: called with the number of samples looked at, after each.

    Raises:
        BadInputError: a file that cannot be read, or a bundle whose list of learned parts is damaged.
    """
    learned = learned_parts(bundle)
    if learned is None:
        return None
    found: list[Sample] = []
    for start in range(0, len(samples), BLOCK):
        facts = facts_of(samples[start : start + BLOCK])
        found += [one.sample for one in learned.known(facts)]
        if progress is not None:
            progress(start + len(facts))
    return found


def learned_note(learned: Sequence[Sample] | None, judged: Sequence[Sample], noun: str) -> str:
    """A sentence that must not be missed beside figures of `judged`; empty where none of them was learned.

    Args:
        learned: what `known_again` found.
        judged: all of them.
        noun: what one is called.
    """
    if learned is None:
        return (
            f"note: this bundle has no list of the {noun}s that it learned, so nobody knows whether some of these are "
            "among them; the figures would flatter"
        )
    if not learned:
        return ""
    good = sum(one.is_good for one in learned)
    which, plural = f"{len(learned)} of these {len(judged)}" if len(learned) < len(judged) else "these", "s"
    if len(judged) == 1:
        which, plural = "this", ""
    kinds = " and ".join(
        f"{count} {kind}" for count, kind in ((good, "good"), (len(learned) - good, "defective")) if count
    )
    was, is_ = ("was", "is") if len(learned) == 1 else ("were", "are")
    return (
        f"note: {which} {noun}{plural} {was} learned from, or {is_} nearly the same as one that "
        f"was ({kinds}), so the figures flatter; judge on others"
    )


def learned_document(learned: Sequence[Sample] | None) -> list[str] | None:
    """Their paths for JSON; null where nobody knows."""
    return None if learned is None else [str(one.path) for one in learned]


def learned_parts(bundle: Bundle) -> LearnedParts | None:
    """By what the parts that taught a bundle's detector are known again; None where it does not say.

    Raises:
        BadInputError: the list is damaged.
    """
    content = bundle.members.get(LEARNED)
    return None if content is None else LearnedParts.parse(content)
