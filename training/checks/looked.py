"""A dataset that was looked at once: what every check starts from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.checks.facts import look
from training.checks.near_duplicates import near_duplicates
from training.checks.relatives import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from training.checks.facts import Facts
    from training.dataset import Sample


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found.

    facts: of every sample, in their order.
    near: groups of samples that are nearly the same, copies among them.
    readings: they are a sensor's, no pictures and no sounds.
    """

    facts: tuple[Facts, ...]
    near: tuple[tuple[Facts, ...], ...]
    readings: bool = False

    @property
    def readable(self) -> list[Facts]:
        """Those that can be decoded."""
        return [one for one in self.facts if not one.problem]

    def require_readable(self) -> None:
        """Refuse samples of which some cannot be decoded.

        Raises:
            BadInputError: says how many, and what is wrong with the first.
        """
        if broken := [one for one in self.facts if one.problem]:
            raise BadInputError(
                f"wanted samples that can be read, found {len(broken)} that cannot, such as {broken[0].sample.path}: "
                f"{broken[0].problem}"
            )

    @property
    def copies(self) -> list[tuple[Facts, ...]]:
        """Groups of samples whose files are the same in every byte."""
        return [group for group in grouped(self.facts, lambda one: one.digest) if len(group) > 1]


def look_at(
    samples: Sequence[Sample], progress: Callable[[int], object] | None = None, *, readings: bool = False
) -> Looked:
    """Look at every sample once, and at which are nearly the same.

    Args:
        samples: of one medium.
        progress: called with the number of samples done, after each.
        readings: WAV files hold a sensor's readings. Those of two good parts are as alike as a machine can make them:
            only what is the same in every byte counts as the same.

    Raises:
        BadInputError: a file itself cannot be read.
    """
    facts = facts_of(samples, progress)
    if readings:
        found = Looked(tuple(facts), (), readings=True)
        return replace(found, near=tuple(found.copies))
    return Looked(tuple(facts), tuple(near_groups(facts)))


def near_groups(facts: Sequence[Facts]) -> list[tuple[Facts, ...]]:
    """Those of which others are nearly the same, together; what cannot be read is left out."""
    readable = [one for one in facts if one.thumbnail is not None]
    pairs = near_duplicates([one.thumbnail for one in readable if one.thumbnail is not None])
    return [tuple(readable[place] for place in group) for group in connected(len(readable), pairs)]


def facts_of(samples: Sequence[Sample], progress: Callable[[int], object] | None = None) -> list[Facts]:
    """Look at every sample once, at each by itself; as `look_at`."""
    facts = []
    for number, sample in enumerate(samples, start=1):
        facts.append(look(sample))
        if progress is not None:
            progress(number)
    return facts


def grouped(facts: Iterable[Facts], key: Callable[[Facts], Hashable]) -> list[tuple[Facts, ...]]:
    """Facts that agree in a key, together; by the first of each."""
    groups: defaultdict[Hashable, list[Facts]] = defaultdict(list)
    for one in facts:
        groups[key(one)].append(one)
    return [tuple(group) for group in groups.values()]
