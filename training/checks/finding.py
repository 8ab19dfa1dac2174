"""Something that a person should know of a dataset, and the samples that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.checks.facts import Facts


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check.

    check: its name, a word or two.
    must_mend: training on this set, or judging with it, would deceive; otherwise it is worth a look.
    sentence: what was found, and what to do.
    groups: the samples, those that belong together in one tuple; empty where it is about the whole set.
    """

    check: str
    must_mend: bool
    sentence: str
    groups: tuple[tuple[Facts, ...], ...] = ()

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "check": self.check,
            "must_mend": self.must_mend,
            "sentence": self.sentence,
            "samples": [[str(one.sample.path) for one in group] for group in self.groups],
        }


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
