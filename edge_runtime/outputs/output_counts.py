"""What happened to an output, in numbers; written by its thread, read by whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class OutputCounts:
    """What happened to an output since the start.

    fired: orders that were said, or that lengthened a pulse.
    passed: parts that it does not fire for.
    unjudged: parts that reached the gate before their verdict, and so did not pass.
    late: orders that could not be said in time; each of a part that must not pass has stopped the line.
    opened, lost: times that it was opened, and that it broke or could not be opened.
    """

    fired: int = 0
    passed: int = 0
    unjudged: int = 0
    late: int = 0
    opened: int = 0
    lost: int = 0
