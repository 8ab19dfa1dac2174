"""Numbers as a data sheet prints them: three digits that matter, SI units, a true minus sign."""

from __future__ import annotations

import math

DIGITS = 3
KILO = 1000
GAP = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""

MOST_DECIMALS = 6
UNCHANGED = 0.01
"""Two figures that differ by less than this share are called the same: a measured latency differs by more by itself."""

NEARLY = 1.05
"""Two digits call a smaller ratio 1.0."""


def plain(value: float, digits: int = DIGITS) -> str:
    """The value with so many significant digits, without an exponent where that can be read."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{'−' if value < 0 else ''}infinite"
    decimals = 0 if value == 0 else max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits - 1}e}" if decimals > MOST_DECIMALS + digits else f"{value:,.{decimals}f}"
    return text.replace("-", "−")


def file_size(size_bytes: float) -> str:
    """Bytes as B, kB or MB, powers of a thousand."""
    if size_bytes < KILO:
        return f"{size_bytes:.0f}{GAP}B"
    if size_bytes < KILO**2:
        return f"{plain(size_bytes / KILO)}{GAP}kB"
    return f"{plain(size_bytes / KILO**2)}{GAP}MB"


def percent(share: float) -> str:
    """A share, 0 to 1, in percent with one decimal."""
    return f"{100 * share:.1f}{GAP}%".replace("-", "−")


def points(before: float, after: float) -> str:
    """The way from one share to another, in percentage points with its sign."""
    moved = round(100 * (after - before), 2)
    return "no loss" if moved == 0 else f"{moved:+.2f} points".replace("-", "−")


def times(before: float, after: float, less: str, more: str) -> str:
    """How many times less or more the second is: `3.2 × smaller`."""
    if min(before, after) <= 0:
        return ""
    ratio = max(before, after) / min(before, after)
    digits = DIGITS if ratio < NEARLY else DIGITS - 1  # "1.0 × faster" says nothing
    return "the same" if ratio < 1 + UNCHANGED else f"{plain(ratio, digits)}{GAP}× {less if after < before else more}"


def shape(axes: tuple[int, ...]) -> str:
    """`1 × 49 × 10 × 1`."""
    return " × ".join(str(axis) for axis in axes)
