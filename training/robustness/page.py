"""The page of the suite: one line per state of the pictures, in one file that needs nothing beside it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from converters.report.environment import page_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.robustness.suite import Row

COLUMNS = (("accuracy", "right class"), ("auroc", "AUROC"), ("overkill", "overkill"), ("escape", "escape"))
"""Figures in this order, those left out that no row has."""


def robustness_page(name: str, sentence: str, rows: Sequence[Row], note: str = "") -> str:
    """The page as HTML.

    Args:
        name: the bundle's.
        sentence: on which pictures, with which runtime.
        rows: of `run_suite`, the pictures as they are first.
        note: what must not be missed; empty for nothing.
    """
    columns = [(key, title) for key, title in COLUMNS if any(getattr(row.figures, key) is not None for row in rows)]
    kinds = [(kind, list(some)) for kind, some in groupby(rows, key=lambda row: row.name)]
    page = page_template("training.robustness", "robustness.html.j2")
    return page.render(
        name=name, sentence=sentence, note=note, kinds=kinds, columns=columns, figure=_figure, width=_width
    )


def _figure(row: Row, key: str) -> str:
    value = getattr(row.figures, key)
    return "–" if value is None else f"{value:.3f}" if key == "auroc" else f"{value:.1%}".replace("%", " %")


def _width(row: Row, key: str) -> float | None:
    """Of a bar of 100; the bars of what should be small are drawn as limits."""
    value = getattr(row.figures, key)
    return None if value is None else round(100 * value, 1)
