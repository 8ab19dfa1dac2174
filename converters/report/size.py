"""Where the bytes went: files on the way as a waterfall, constants by operator kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.report.quantity import file_size, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_KINDS = 8
LEAST_SHARE = 0.002
"""Of the heaviest kind's bytes; axes and shapes are constants as well, and nobody looks for them here."""


@dataclass(frozen=True, slots=True)
class Fall:
    """One file on the way. kept, lost: shares of the longest file, 0 to 1; lost is what the step took away."""

    name: str
    size: str
    change: str
    kept: float
    lost: float


@dataclass(frozen=True, slots=True)
class Kind:
    """Constants of one operator kind, before and after; bars: shares of the largest, 0 to 1."""

    name: str
    operators: int
    before: str
    after: str
    bars: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Size:
    """steps: the waterfall. kinds: the heaviest first. shared: what equal constants would take if stored twice."""

    steps: tuple[Fall, ...]
    kinds: tuple[Kind, ...]
    shared: str


def size(document: Mapping[str, Any] | None) -> Size | None:
    """From the card's details; None where a card has none."""
    if not document or not document["steps"]:
        return None
    largest = max((max(kind["float_bytes"], kind["bytes"]) for kind in document["kinds"]), default=1) or 1
    heavy = [kind for kind in document["kinds"] if max(kind["float_bytes"], kind["bytes"]) >= LEAST_SHARE * largest]
    kinds = heavy[:MOST_KINDS]
    return Size(
        tuple(_falls([(step["name"], step["bytes"]) for step in document["steps"]])),
        tuple(
            Kind(
                kind["kind"],
                kind["operators"],
                file_size(kind["float_bytes"]),
                file_size(kind["bytes"]),
                (kind["float_bytes"] / largest, kind["bytes"] / largest),
            )
            for kind in kinds
        ),
        file_size(document["shared_bytes"]) if document["shared_bytes"] else "",
    )


def _falls(steps: list[tuple[str, int]]) -> list[Fall]:
    longest = max(length for _, length in steps) or 1
    falls = []
    for place, (name, length) in enumerate(steps):
        before = steps[max(0, place - 1)][1]
        change = percent(length / before - 1) if place and before else ""
        sign = "+" if length > before else ""
        lost = max(0, before - length) / longest
        falls.append(Fall(name, file_size(length), f"{sign}{change}" if change else "", length / longest, lost))
    return falls


@dataclass(frozen=True, slots=True)
class Zeros:
    """Weights that are zero, as shares; removed: channels that were taken out.

    stored_unstructured: the share of the converted model, empty where it was not counted.
    """

    weights: str
    dense: float
    structured: float
    unstructured: float
    words: tuple[str, str, str]
    stored_unstructured: str
    removed: int


def zeros(document: Mapping[str, Any] | None) -> Zeros | None:
    """From the card's details; None where a card has none, or the network no weights."""
    if not document or not document["float"]["weights"]:
        return None
    given = document["float"]
    shares = (given["dense"], given["structured"], given["unstructured"])
    return Zeros(
        f"{given['weights']:,}",
        *shares,
        (percent(shares[0]), percent(shares[1]), percent(shares[2])),
        percent(document["artefact"]["unstructured"]) if "artefact" in document else "",
        document["removed_channels"],
    )
