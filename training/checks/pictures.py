"""Pictures that are unlike the rest: dark, bright, blurred, of another size; and those too small to show a part."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from edge_contracts.station import PictureHealth
from training.checks.finding import Finding, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training.checks.facts import Facts, PictureFacts
    from training.checks.looked import Looked

BLURRED = 0.25
"""Of the median sharpness. A blur of two pixels leaves .09 to .19; sharp pictures of real sets begin at .33."""

UNUSUAL_DEVIATIONS = 6.0
LEAST_DISTANCE = 20.0
"""In grey values: a steady line's pictures differ by fractions of one, and each would be unusual."""

ASPECT_DIFFERENCE = 0.1
SMALL_PX = 32
"""A seventh of the 224 px that a detector looks at: it sees one pixel as seven by seven."""


def check_exposure(looked: Looked) -> Iterator[Finding]:
    """Pictures that a station would not judge, and those far from the set's usual light."""
    limits = PictureHealth()
    seen = _seen(looked)
    refused = _where(seen, lambda one: not limits.dark_mean <= one.mean <= limits.bright_mean)
    if refused:
        yield Finding(
            "exposure",
            must_mend=False,
            sentence=f"{counted(len(refused), 'picture')} with a mean grey outside {limits.dark_mean:g} to "
            f"{limits.bright_mean:g}: a station does not judge such; take them again, or set its limits wider",
            groups=refused,
        )
    usual = median([one.mean for _, one in seen] or [0.0])
    spread = 1.4826 * median([abs(one.mean - usual) for _, one in seen] or [0.0])
    distance = max(UNUSUAL_DEVIATIONS * spread, LEAST_DISTANCE)
    if unusual := _where(seen, lambda one: abs(one.mean - usual) > distance):
        yield Finding(
            "exposure",
            must_mend=False,
            sentence=f"{counted(len(unusual), 'picture')} with a mean grey more than {distance:.0f} from the "
            f"usual {usual:.0f}: "
            "another light or another part?",
            groups=unusual,
        )


def check_focus(looked: Looked) -> Iterator[Finding]:
    """Pictures far less sharp than the rest."""
    seen = _seen(looked)
    usual = median([one.sharpness for _, one in seen] or [0.0])
    if blurred := _where(seen, lambda one: one.sharpness < BLURRED * usual):
        yield Finding(
            "focus",
            must_mend=False,
            sentence=f"{counted(len(blurred), 'picture')} with a sharpness below {BLURRED * usual:.0f}, a quarter "
            "of the usual "
            f"{usual:.0f}: blurred or moved? leave them out, or sharpness_min = {BLURRED * usual:.0f} on the station",
            groups=blurred,
        )


def check_sizes(looked: Looked) -> Iterator[Finding]:
    """Pictures too small to show a part, and those of another shape: a detector stretches all to one."""
    seen = _seen(looked)
    if small := _where(seen, lambda one: min(one.width_px, one.height_px) < SMALL_PX):
        yield Finding(
            "sizes",
            must_mend=False,
            sentence=f"{counted(len(small), 'picture')} of less than {SMALL_PX} px, far less than a detector looks "
            "at: no fault finer than their pixels can be found; take larger ones of the part",
            groups=small,
        )
    sizes = Counter((one.width_px, one.height_px) for _, one in seen)
    if len(sizes) < 2:  # noqa: PLR2004 - one size is as it should be
        return
    usual = median([one.width_px / one.height_px for _, one in seen])
    odd = _where(seen, lambda one: abs(one.width_px / one.height_px / usual - 1) > ASPECT_DIFFERENCE)
    told = ", ".join(f"{count} of {wide}×{high} px" for (wide, high), count in sizes.most_common(3))
    more = f" and {len(sizes) - 3} more sizes" if len(sizes) > 3 else ""  # noqa: PLR2004 - those that are told
    shapes = f"; {len(odd)} of another shape, which a detector stretches" if odd else ""
    yield Finding(
        "sizes",
        must_mend=False,
        sentence=f"the pictures have {len(sizes)} sizes: {told}{more}{shapes}; "
        "take them as the station will, with one region",
        groups=odd,
    )


def _seen(looked: Looked) -> list[tuple[Facts, PictureFacts]]:
    return [(one, one.picture) for one in looked.readable if one.picture is not None]


def _where(
    seen: list[tuple[Facts, PictureFacts]], is_odd: Callable[[PictureFacts], bool]
) -> tuple[tuple[Facts, ...], ...]:
    return tuple((one,) for one, picture in seen if is_odd(picture))
