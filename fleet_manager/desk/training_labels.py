"""Labels for training, as a manifest that `lepton train` reads and as JSON lines for everything else."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from fleet_manager.desk.formula import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_manager.desk.teaching import Lesson
    from fleet_manager.desk.true_labels import TrueLabel

MANIFEST_COLUMNS: Final = (
    *("path", "label", "group", "split"),
    *("sha256", "said", "address", "inspection_point", "part", "model"),
)
"""The first four are the trainer's. It leaves the others alone, unless it takes one for a slip: `point` for `split`."""
LEFT_OUT_COLUMNS: Final = ("sha256", "label", "said", "address", "inspection_point", "part", "why")
_SUFFIXES: Final = {"image/jpeg": ".jpg", "image/png": ".png", "audio/wav": ".wav", "audio/x-wav": ".wav"}


def evidence_path(one: TrueLabel) -> str:
    """Where the manifest looks for a part's picture, relative to itself: `evidence/SHA256.jpg`."""
    return f"evidence/{one.sha256}{_SUFFIXES.get(one.media_type or '', '.bin')}"


def manifest_lines(lessons: Iterable[Lesson]) -> Iterator[str]:
    """A CSV manifest of the labels that teach, line by line, header first: UTF-8, comma, RFC 4180."""
    yield _csv_line(MANIFEST_COLUMNS)
    for one in lessons:
        if one.left_out is None:
            yield _csv_line(manifest_row(one.label))


def manifest_row(one: TrueLabel) -> tuple[str, ...]:
    """A label's cells in the manifest.

    Pictures of one part share a group, so that they are never split between learning and judging. `split` stays empty:
    the trainer decides.
    """
    group = f"{one.address}/{one.point}/{one.part}"
    return (evidence_path(one), one.label, group, "", one.sha256 or "", *_told(one), one.model)


def left_out_row(one: Lesson) -> tuple[str, ...]:
    """The cells of a label that teaches nothing, its reason last."""
    why = one.left_out.value if one.left_out else ""
    return (one.label.sha256 or "", one.label.label, *_told(one.label), why)


def json_lines(labels: Iterable[TrueLabel]) -> Iterator[str]:
    """Every label with all of its fields, one JSON object per line, those without a picture too."""
    for one in labels:
        fields: dict[str, Any] = {**asdict(one), "said": one.said.value}
        yield json.dumps(fields, ensure_ascii=False) + "\n"


def _told(one: TrueLabel) -> tuple[str, str, str, str]:
    return one.said.value, one.address, one.point, harmless(one.part)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
