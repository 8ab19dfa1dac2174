"""What a person sees while a search runs: a line per trial, and a bar of the minutes with the best so far."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.errors import LeptonError
from training.search.outcome_text import candidate_text, quality_text
from training.search.rounds import tried_of
from training.search.verdict import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training.search.judged import Limits
    from training.search.rounds import Tried
    from training.search.space import Space


@contextmanager
def search_bar(
    study: Any, space: Space, limits: Limits, seconds: float, *, quiet: bool
) -> Iterator[Callable[[Tried], object]]:
    """What to tell each trial that ended."""
    if quiet:
        yield lambda _tried: None
        return
    if not sys.stderr.isatty():
        yield lambda tried: click.echo(trial_line(tried, space), err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - the same

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_standing(study, space, limits), total=seconds)

        def tell(tried: Tried) -> None:
            console.print(trial_line(tried, space), markup=False, soft_wrap=True)
            bar.update(
                task, description=_standing(study, space, limits), completed=min(seconds, bar.tasks[0].elapsed or 0.0)
            )

        yield tell


def trial_line(tried: Tried, space: Space) -> str:
    """One trial in a line."""
    what = candidate_text(tried.params)
    if tried.judged is None:
        return f"trial {tried.number}: {what}: refused, {tried.refused}"
    found = tried.judged
    quality = quality_text(space.criterion, found.quality)
    return f"trial {tried.number}: {what}: {quality}, {found.model_bytes:,} bytes, {found.ms:.2f} ms"


def _standing(study: Any, space: Space, limits: Limits) -> str:
    try:
        best = chosen(tried_of(study), space.criterion, space.usual, limits)
    except LeptonError:
        return "searching"
    return f"ahead: trial {best.number}, {quality_text(space.criterion, best.judged.quality)}" if best.judged else ""
