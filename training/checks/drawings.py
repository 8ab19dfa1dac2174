"""Boxes and masks that fit nothing: of another picture's size, outside of it, or against the label.

A mask that marks nothing in a dent, or a box beside the picture, would teach that the dent is good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.checks.finding import Finding, counted
from training.dataset.drawn import require_fitting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.checks.facts import Facts
    from training.checks.looked import Looked
    from training.dataset import Sample


def check_drawings(looked: Looked) -> Iterator[Finding]:
    """Masks that cannot be read, have another size, or mark nothing in a defect; boxes outside of their picture."""
    if wrong := list(_misdrawn(looked)):
        yield Finding(
            "drawing",
            must_mend=True,
            sentence=f"{counted(len(wrong), 'sample')} with a mask or a box that does not fit: {wrong[0][1]}",
            groups=tuple((one,) for one, _ in wrong),
        )


def require_fitting_drawings(looked: Looked) -> None:
    """Refuse samples on which something was drawn that does not fit.

    Raises:
        BadInputError: says how many, and what is wrong with the first.
    """
    if wrong := list(_misdrawn(looked)):
        raise BadInputError(
            f"wanted masks and boxes that fit their pictures, found {len(wrong)} that do not: {wrong[0][1]}"
        )


def _misdrawn(looked: Looked) -> Iterator[tuple[Facts, str]]:
    for one in looked.readable:
        if problem := _problem(one.sample):
            yield one, problem


def _problem(sample: Sample) -> str:
    try:
        require_fitting(sample)
    except BadInputError as error:
        return str(error)
    return ""
