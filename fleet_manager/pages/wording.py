"""The words of the pages for what messages say in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Cause
from edge_contracts.wire_time import wire_time

if TYPE_CHECKING:
    from datetime import datetime

CAUSES: Final = {
    Cause.THRESHOLD: "Defect",
    Cause.NO_FRAME: "No picture",
    Cause.SOURCE_LOST: "Camera or microphone lost",
    Cause.STALE: "Picture too old",
    Cause.FROZEN: "Picture frozen",
    Cause.DARK: "Too dark to judge",
    Cause.OVEREXPOSED: "Too bright to judge",
    Cause.BLURRED: "Too blurred to judge",
    Cause.MOVED: "Camera was moved",
    Cause.BAD_FRAME: "Picture damaged",
    Cause.QUIET: "Too quiet to judge",
    Cause.CLIPPED: "Sound clipped",
    Cause.OFFSET: "Sound offset",
    Cause.GAP: "Gap in the sound",
    Cause.NOT_A_NUMBER: "Model answered no number",
    Cause.UNSURE: "Model is not sure",
    Cause.BACKEND_HUNG: "Model hung",
    Cause.BACKEND_FAILED: "Model failed",
    Cause.DEADLINE: "Verdict too late",
    Cause.MISSED: "Part missed",
    Cause.TRIGGER_LOST: "Trigger lost",
    Cause.INTERNAL: "Fault inside the daemon",
}


def headline(cause: str, label: str | None) -> str:
    """What an alert is, in a few words: the label of a defect, else the cause."""
    if cause == Cause.THRESHOLD.value:
        return f"Defect: {label}" if label else "Defect"
    try:
        return CAUSES[Cause(cause)]
    except (KeyError, ValueError):
        return f"Unknown: {cause}"


def moment_of(unix_ms: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC; what no calendar holds is shown as the nearest that one does."""
    return wire_time(unix_ms)


def score_text(score: float | None, threshold: float | None = None) -> str:
    """A score and its limit; empty where nothing was scored."""
    if score is None:
        return ""
    return f"score {score:.3g}" + ("" if threshold is None else f" (limit {threshold:.3g})")


def duration(seconds: float) -> str:
    """A time for people: `40 s`, `12 min`, `3 h`, `5 d`."""
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count_bytes: float) -> str:
    """Bytes for people, in decimal units."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= length:
            return f"{count_bytes / length:.3g} {unit}"
    return f"{count_bytes:.0f} B"


def percent(part: float, whole: float) -> str:
    """A share with one digit after the point, `–` of nothing; never rounded up to 100 %."""
    if not whole:
        return "–"
    share = 1000 * part // whole / 10
    return f"{share:.1f} %"
