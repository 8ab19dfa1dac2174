"""The findings as a table for a terminal, and as one JSON document."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edge_runtime.doctor.finding import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_runtime.doctor.finding import Finding

_MARKS = {Standing.OK: "ok", Standing.WARNING: "warning", Standing.FAILED: "FAILED", Standing.SKIPPED: "skipped"}
_NARROWEST = 40


def is_fit(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.standing is not Standing.FAILED for finding in findings)


def document(station: Path, findings: Sequence[Finding]) -> dict[str, Any]:
    """The JSON document: `station`, `fit`, `counts` by standing, `findings` with every field of `Finding`."""
    return {
        "station": str(station),
        "fit": is_fit(findings),
        "counts": _counts(findings),
        "findings": [asdict(finding) | {"standing": finding.standing.value} for finding in findings],
    }


def table(findings: Sequence[Finding], width: int) -> str:
    """Standing, check, subject and what was found in columns; below a trouble what was wanted and what to do.

    Args:
        findings: in the order of the checks.
        width: of the terminal, in characters.
    """
    columns = [(_MARKS[one.standing], one.check, one.subject) for one in findings]
    wide = [max((len(row[place]) for row in columns), default=0) for place in range(3)]
    indent = sum(wide) + 2 * len(wide)
    lines: list[str] = []
    for row, finding in zip(columns, findings, strict=True):
        head = "".join(f"{cell:<{size}}  " for cell, size in zip(row, wide, strict=True))
        lines += _filled(head, finding.found, indent, width)
        lines += _filled(" " * indent, f"wanted: {finding.wanted}", indent, width) if finding.wanted else []
        lines += _filled(" " * indent, f"next: {finding.next_step}", indent, width) if finding.next_step else []
    counts = _counts(findings)
    summary = ", ".join(f"{counts[standing.value]} {standing.value}" for standing in Standing)
    return "\n".join([*lines, "", summary])


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    counted = Counter(finding.standing.value for finding in findings)
    return {standing.value: counted[standing.value] for standing in Standing}


def _filled(head: str, text: str, indent: int, width: int) -> list[str]:
    room = max(width - indent, _NARROWEST)
    first, *others = textwrap.wrap(text, room, break_long_words=False) or [""]
    return [head + first, *(" " * indent + other for other in others)]
