"""What accelerators would run of the network, as the page shows it.

It reads `card.details["delegates"]`: a list of `device_profiles.placement.DelegateReport.as_document()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_REASONS = 6
ACCELERATOR = "accelerator"


@dataclass(frozen=True, slots=True)
class Fallback:
    """Operators of one kind that do not run on the accelerator for one reason."""

    kind: str
    operators: int
    fate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator and what it makes of the network.

    state: `passed` for all of it, `refused` for none, `reported` for a part. summary: a sentence.
    share: operators on the accelerator, 0 to 1. more: kinds and reasons that are not listed.
    """

    title: str
    release: str
    state: str
    summary: str
    share: float
    fallbacks: tuple[Fallback, ...]
    more: int
    advice: tuple[str, ...]


def delegates(documents: Sequence[Mapping[str, Any]] | None) -> tuple[Accelerator, ...]:
    """Lay the reports out, in their order."""
    return tuple(_accelerator(document) for document in documents or ())


def _accelerator(document: Mapping[str, Any]) -> Accelerator:
    operators = document["operators"]
    taken = sum(operator["fate"] == ACCELERATOR for operator in operators)
    fallbacks = _fallbacks(operators)
    return Accelerator(
        document["title"],
        document["release"],
        "refused" if document["refused"] else "passed" if document["fits"] else "reported",
        _summary(document, taken),
        taken / max(1, len(operators)),
        fallbacks[:MOST_REASONS],
        max(0, len(fallbacks) - MOST_REASONS),
        tuple(document["advice"]),
    )


def _summary(document: Mapping[str, Any], taken: int) -> str:
    operators = document["operators"]
    if document["fits"]:
        return f"All {len(operators)} operators run on it."
    if document["refused"]:
        return "Its compiler takes no network with such an operator."
    if document["split"] is None:
        return f"{taken} of {len(operators)} operators run on it."
    first = operators[document["split"]]
    return (
        f"{taken} of {len(operators)} operators run on it; the network leaves it at operator {first['place']}, "
        f"{first['kind']}."
    )


def _fallbacks(operators: Sequence[Mapping[str, Any]]) -> tuple[Fallback, ...]:
    counted: dict[tuple[str, str, str], int] = {}
    for operator in operators:
        if operator["fate"] != ACCELERATOR:
            key = (operator["kind"], operator["fate"], operator["reason"])
            counted[key] = counted.get(key, 0) + 1
    return tuple(Fallback(kind, count, fate, reason) for (kind, fate, reason), count in counted.items())
