"""What changed from one bundle to another: manifest, operators, files, figures, answers.

Figures are the cards' own; latencies were measured when each bundle was made, perhaps on different machines, and say
where. Only the goldens are run anew.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from converters.bundle.golden_replay import Replay, replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_contracts.bundle import Bundle
    from edge_contracts.card import Measurement

ELSEWHERE = frozenset({"files", "operators"})
"""Parts of the manifest that have their own section."""

RECORDED = "golden.goldens"
"""Names of members only; the files tell whether they changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the manifest by its dotted path; None where a bundle does not have it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Count:
    """How often an operator occurs."""

    operator: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """A member whose SHA-256 differs; bytes and digest are None where a bundle does not have it."""

    path: str
    before_bytes: int | None
    after_bytes: int | None
    before_sha256: str | None
    after_sha256: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement of the cards side by side; None where a card does not have it.

    where: the machines, where they are named; both, if they differ.
    """

    name: str
    unit: str
    before: float | None
    after: float | None
    where: str

    @property
    def difference(self) -> float | None:
        """After minus before, None where one is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changed; `replay` says whether the second answers the first's goldens.

    before, after: the digests.
    """

    before: str
    after: str
    manifest: tuple[Change, ...]
    operators: tuple[Count, ...]
    files: tuple[FileChange, ...]
    figures: tuple[Figure, ...]
    replay: Replay

    @property
    def is_same(self) -> bool:
        """Whether both have one digest; cards and reports may differ all the same."""
        return self.before == self.after

    def as_document(self) -> dict[str, Any]:
        """The same as JSON-able values; infinite distances become None."""
        document = asdict(self)
        for stored, figure in zip(document["figures"], self.figures, strict=True):
            stored["difference"] = figure.difference
        for stored, output in zip(document["replay"]["outputs"], self.replay.outputs, strict=True):
            stored["within"] = output.is_within
            stored["distance"] = output.distance if math.isfinite(output.distance) else None
        document["replay"]["within"] = self.replay.is_within
        return {"same": self.is_same, **document}


def difference(before: Bundle, after: Bundle) -> Difference:
    """Compare two bundles that were read and checked."""
    manifests = [dict(_fields(bundle.manifest.model_dump(mode="json"), "")) for bundle in (before, after)]
    operators = before.manifest.operators, after.manifest.operators
    return Difference(
        before=before.digest,
        after=after.digest,
        manifest=tuple(Change(name, one, other) for name, one, other in _aligned(*manifests) if one != other),
        operators=tuple(Count(name, one or 0, other or 0) for name, one, other in _aligned(*operators) if one != other),
        files=tuple(_files(before.members, after.members)),
        figures=tuple(_figures(before, after)),
        replay=replay(before, after),
    )


def _aligned(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Every key of both, the first's order first."""
    for name in dict.fromkeys((*before, *after)):
        yield name, before.get(name), after.get(name)


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON document by dotted path; short lists of plain values stay whole."""
    if path in ELSEWHERE or path == RECORDED:
        return
    below: Iterator[tuple[str, Any]]
    if isinstance(value, dict) and value:
        below = iter(value.items())
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        below = ((str(place), one) for place, one in enumerate(value))
    else:
        yield path, value
        return
    for name, one in below:
        yield from _fields(one, f"{path}.{name}" if path else name)


def _files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[FileChange]:
    for path, one, other in _aligned(before, after):
        if one != other:
            yield FileChange(path, _size(one), _size(other), _sha256(one), _sha256(other))


def _size(content: bytes | None) -> int | None:
    return None if content is None else len(content)


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _figures(before: Bundle, after: Bundle) -> Iterator[Figure]:
    cards = [{m.name: m for m in bundle.card.metrics} if bundle.card else {} for bundle in (before, after)]
    one: Measurement | None
    other: Measurement | None
    for name, one, other in _aligned(*cards):
        known = [metric for metric in (one, other) if metric is not None]
        places = dict.fromkeys(metric.where for metric in known if metric.where)
        yield Figure(
            name,
            known[0].unit,
            None if one is None else one.value,
            None if other is None else other.value,
            " / ".join(places),
        )
