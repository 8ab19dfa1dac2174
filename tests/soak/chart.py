"""The samples as a table (CSV) and as a picture (SVG), without a plotting library."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from tests.soak.sampler import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WIDTH, PANEL, MARGIN = 900, 150, 70
PANELS = (
    ("own memory, MB", "own_mb"),
    ("memory (PSS), MB", "pss_mb"),
    ("threads", "threads"),
    ("open files", "files"),
    ("latency p50, ms", "latency_p50_ms"),
    ("latency p95, ms", "latency_p95_ms"),
)


def write_table(samples: Sequence[Sample], path: Path) -> None:
    """One line per sample."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(Sample)])
        rows.writeheader()
        rows.writerows(asdict(sample) for sample in samples)


def write_picture(samples: Sequence[Sample], path: Path) -> None:
    """One panel per figure, all over the same time."""
    height = PANEL * len(PANELS) + 30
    panels = [_panel(samples, title, name, place * PANEL) for place, (title, name) in enumerate(PANELS)]
    end_min = samples[-1].at_s / 60
    foot = f'<text x="{WIDTH - 10}" y="{height - 8}" text-anchor="end">{end_min:.1f} minutes</text>'
    style = "<style>text{font:12px sans-serif}polyline{fill:none;stroke:#1b6ca8}line{stroke:#ccc}</style>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">'
    ground = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    path.write_text("\n".join([head, style, ground, *panels, foot, "</svg>"]), "utf-8")


def _panel(samples: Sequence[Sample], title: str, name: str, top: int) -> str:
    known = [(sample.at_s, value) for sample in samples if (value := getattr(sample, name)) is not None]
    low, high = 0.0, max((value for _, value in known), default=1.0) * 1.1 or 1.0
    end_s = samples[-1].at_s or 1.0
    spots = " ".join(
        f"{MARGIN + at_s / end_s * (WIDTH - MARGIN - 10):.1f},{_height(value, low, high, top):.1f}"
        for at_s, value in known
    )
    base = top + PANEL - 5
    return (
        f'<text x="{MARGIN}" y="{top + 14}">{title}</text><text x="5" y="{top + 34}">{high:.4g}</text>'
        f'<text x="5" y="{base}">0</text><line x1="{MARGIN}" y1="{base}" x2="{WIDTH - 10}" y2="{base}"/>'
        f'<polyline points="{spots}"/>'
    )


def _height(value: float, low: float, high: float, top: int) -> float:
    return top + PANEL - 5 - (value - low) / (high - low) * (PANEL - 30)
