"""Whose picture goes when the quota is full: a flood of one kind cannot push out the others. Pure.

Each outcome has a share of the quota, and within it each label or cause the same. Room that nobody needs may be used by
all; when it becomes tight, the oldest picture of the class goes that is farthest above its due.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_contracts.station import EvidenceSettings
    from edge_contracts.verdict import Verdict

CLIP: Final = "clip"
_NAME_MAX: Final = 48


@dataclass(frozen=True, slots=True)
class Shares:
    """Fractions of the quota, by the first word of a class's name; together 1."""

    by_kind: Mapping[str, float]

    @classmethod
    def of(cls, settings: EvidenceSettings) -> Shares:
        """As the station asks; defects have what the others leave."""
        others = {
            Outcome.UNKNOWN.value: settings.unknown_share,
            Outcome.GOOD.value: settings.good_share,
            CLIP: settings.clip_share,
        }
        return cls({Outcome.DEFECT.value: 1 - sum(others.values()), **others})

    def victim(self, bytes_of: Mapping[str, int], wanted: str, wanted_bytes: int, max_bytes: int) -> str | None:
        """The class whose oldest picture goes first to make room; None when there is room, or nothing to remove.

        Args:
            bytes_of: what each class has now.
            wanted: the class of the picture that comes.
            wanted_bytes: its size.
            max_bytes: the quota.
        """
        if sum(bytes_of.values()) + wanted_bytes <= max_bytes:
            return None
        would_have = dict(bytes_of)
        would_have[wanted] = would_have.get(wanted, 0) + wanted_bytes
        present = [name for name, size in would_have.items() if size]
        removable = [name for name, size in bytes_of.items() if size]
        return max(removable, key=lambda name: would_have[name] - self._due(name, present, max_bytes), default=None)

    def _due(self, name: str, present: list[str], max_bytes: int) -> float:
        kin = sum(kind_of(other) == kind_of(name) for other in present)
        return self.by_kind.get(kind_of(name), 0.0) * max_bytes / max(kin, 1)


def class_of(verdict: Verdict) -> str:
    """`defect-scratch`, `unknown-dark`, `good`: the outcome with the label or cause that led to it."""
    if verdict.outcome is Outcome.GOOD:
        return Outcome.GOOD.value
    told = (verdict.label or "") if verdict.outcome is Outcome.DEFECT else verdict.cause.value
    slug = re.sub(r"[^a-z0-9]+", "-", told.lower()).strip("-")
    return f"{verdict.outcome.value}-{slug}"[:_NAME_MAX].strip("-")


def kind_of(name: str) -> str:
    """The first word of a class's name."""
    return name.partition("-")[0]
