"""What a line of text from a sensor or a machine says: numbers, a part, nothing that concerns us, or garbage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edge_contracts.station.signal_source import PART_GROUP

if TYPE_CHECKING:
    from edge_contracts.station import SerialSource as SerialSettings

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE | re.ASCII)
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A line's numbers, one per channel, and the part that it names, empty for none."""

    values: tuple[float, ...]
    part: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that should have held numbers and does not."""

    reason: str


Line: TypeAlias = Row | BadLine | None
"""None is a line that is not for us."""


class LineParser:
    """Reads lines as the configuration says."""

    def __init__(self, settings: SerialSettings) -> None:
        self._pattern = re.compile(settings.pattern) if settings.pattern is not None else None
        self._separator = None if settings.separator.isspace() else settings.separator
        self._columns = settings.columns
        self._ignores = settings.other_lines == "ignored"

    @property
    def channels(self) -> int:
        """Numbers of a line."""
        if self._pattern is None:
            return len(self._columns)
        return self._pattern.groups - (PART_GROUP in self._pattern.groupindex)

    def parse(self, line: bytes) -> Line:
        """What a line says, its end cut off."""
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            return BadLine(f"wanted text, found {line[:_SHOWN]!r}; check the baud rate")
        return self._by_columns(text) if self._pattern is None else self._by_pattern(text, self._pattern)

    def _by_columns(self, text: str) -> Line:
        fields = text.split(self._separator)
        if len(fields) < max(self._columns):
            return BadLine(f"wanted {max(self._columns)} fields, found {len(fields)} in {text[:_SHOWN]!r}")
        return _row([fields[column - 1] for column in self._columns], "", text)

    def _by_pattern(self, text: str, pattern: re.Pattern[str]) -> Line:
        found = pattern.search(text)
        if found is None:
            return (
                None if self._ignores else BadLine(f"wanted a line like {pattern.pattern!r}, found {text[:_SHOWN]!r}")
            )
        of_part = pattern.groupindex.get(PART_GROUP)
        numbers = [found[index] or "" for index in range(1, pattern.groups + 1) if index != of_part]
        return _row(numbers, (found[of_part] or "") if of_part else "", text)


def _row(fields: list[str], part: str, text: str) -> Line:
    stripped = [field.strip() for field in fields]
    if not all(_NUMBER.fullmatch(field) for field in stripped):
        return BadLine(f"wanted {len(fields)} numbers, found {text[:_SHOWN]!r}")
    return Row(tuple(float(field) for field in stripped), part)
