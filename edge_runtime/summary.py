"""What a run of the daemon did, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class End(Enum):
    """Why the daemon ended."""

    STOPPED = "stopped"
    EXHAUSTED = "every source has come to its end"
    TROUBLE = "ended for a restart"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    good, defect, unknown: verdicts.
    spooled: alerts that are durable; one may stand for several unknowns.
    refused: alerts that are not; the spool's ledger has them.
    waiting: messages of the spool that nobody has acknowledged: alerts of this run or earlier ones, minutes of
        statistics, steps of updates, gaps.
    faults: exceptions inside the loops and the delivery; the log has a traceback of each.
    without_picture: alerts told without their picture, because too many waited, or they had waited too long.
    not_kept: pictures that the disk did not take.
    not_recorded: verdicts without a line in the daily record.
    given_up: pictures given up to spare the flash.
    lines_dropped: verdicts that the reader of the JSON lines did not read in time.
    left_behind: parts of the daemon that did not stop; the process must be left at once.
    """

    end: End
    good: int
    defect: int
    unknown: int
    spooled: int
    refused: int
    waiting: int
    faults: int = 0
    without_picture: int = 0
    not_kept: int = 0
    not_recorded: int = 0
    given_up: int = 0
    lines_dropped: int = 0
    left_behind: int = 0

    def __str__(self) -> str:
        troubles = {
            "faults": self.faults,
            "alerts without their picture": self.without_picture,
            "pictures not kept": self.not_kept,
            "verdicts not in the daily record": self.not_recorded,
            "pictures given up for the flash": self.given_up,
            "JSON lines dropped": self.lines_dropped,
        }
        parts = "1 part" if self.left_behind == 1 else f"{self.left_behind} parts"
        behind = f"; {parts} of the daemon did not stop in time and ended with it, the log says which"
        return (
            (
                f"{self.end.value}: {self.good} good, {self.defect} defect, {self.unknown} unknown; "
                f"{self.spooled} alerts spooled, {self.refused} refused; {self.waiting} messages not acknowledged yet"
            )
            + "".join(f"; {count} {what}" for what, count in troubles.items() if count)
            + (behind if self.left_behind else "")
        )
