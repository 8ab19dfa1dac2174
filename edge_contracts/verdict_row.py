"""One line of the daily record of verdicts: what the board writes, and tools and spreadsheets read.

RFC 4180 with a header, UTF-8, lines ended by a line feed, none of them inside a cell. Order is that of the lines, or
(boot, mono_s); `time` is for people. A text cell that a spreadsheet would run as a formula begins with an apostrophe
(OWASP, "CSV Injection"); `VerdictRow.parse` takes it away again.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_contracts.message import ClockTrust
from edge_contracts.verdict import Cause, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COLUMNS: Final = (
    "time",
    "clk",
    "step_s",
    "boot",
    "mono_s",
    "lost",
    "point",
    "part",
    "outcome",
    "cause",
    "reason",
    "label",
    "score",
    "threshold",
    "latency_ms",
    "frame",
    "model",
)
HEADER: Final = ",".join(COLUMNS) + "\n"

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001 - full-width forms run too
_GUARD: Final = "'"


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict as it was written down.

    time: the board's wall clock, UTC, to the millisecond.
    clk: how far that clock was trusted.
    step_s: seconds by which the wall clock jumped since the line before, None where it did not.
    boot: the kernel's id of this boot, empty where it tells none.
    mono_s: seconds since that boot, to the microsecond.
    lost: verdicts between the line before and this one that could not be written.
    point, part, outcome, cause, reason, label, score, threshold, latency_ms, model: as in `Verdict`.
    frame: number of the judged picture, None when there was none.
    """

    time: datetime
    clk: ClockTrust
    step_s: float | None
    boot: str
    mono_s: float
    lost: int
    point: str
    part: str
    outcome: Outcome
    cause: Cause
    reason: str
    label: str | None
    score: float | None
    threshold: float | None
    latency_ms: float
    frame: int | None
    model: str | None

    @classmethod
    def parse(cls, cells: Mapping[str, str]) -> VerdictRow:
        """Read one line's cells by the name of their column; further columns are passed over.

        Raises:
            BadInputError: a column is missing, or a cell holds no such value.
        """
        try:
            return cls(
                time=datetime.strptime(cells["time"], "%Y-%m-%dT%H:%M:%S.%f%z"),
                clk=ClockTrust(cells["clk"]),
                step_s=_number(cells["step_s"]),
                boot=cells["boot"],
                mono_s=float(cells["mono_s"]),
                lost=int(cells["lost"] or 0),
                point=cells["point"],
                part=_bare(cells["part"]),
                outcome=Outcome(cells["outcome"]),
                cause=Cause(cells["cause"]),
                reason=_bare(cells["reason"]),
                label=_bare(cells["label"]) if cells["label"] else None,
                score=_number(cells["score"]),
                threshold=_number(cells["threshold"]),
                latency_ms=float(cells["latency_ms"]),
                frame=int(cells["frame"]) if cells["frame"] else None,
                model=cells["model"] or None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInputError(f"wanted a line of the verdict record, found {dict(cells)!r} ({error})") from error


def csv_lines(rows: Iterable[VerdictRow]) -> str:
    """The rows as text, one line each."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(_cells(row) for row in rows)
    return text.getvalue()


def _cells(row: VerdictRow) -> tuple[str, ...]:
    return (
        row.time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        row.clk.value,
        "" if row.step_s is None else f"{row.step_s:.3f}",
        row.boot,
        f"{row.mono_s:.6f}",
        str(row.lost) if row.lost else "",
        row.point,
        _guarded(row.part),
        row.outcome.value,
        row.cause.value,
        _guarded(row.reason),
        _guarded(row.label or ""),
        _figure(row.score),
        _figure(row.threshold),
        f"{row.latency_ms:.3f}",
        "" if row.frame is None else str(row.frame),
        row.model or "",
    )


def _guarded(text: str) -> str:
    return _GUARD + text if text.startswith(_FORMULA_STARTS) else text


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith(_GUARD) else cell


def _figure(number: float | None) -> str:
    """Nine digits bring a float32 back exactly."""
    return "" if number is None else f"{number:.9g}"


def _number(cell: str) -> float | None:
    return float(cell) if cell else None
