"""In what state a chip is left: one of a few, each with a sentence, and what to do next.

Whoever flashes a chip on a machine must know whether it will start tomorrow. So no way out of flashing lacks one of
these, and where nobody can know, the worse one is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class EndState(Enum):
    """What a chip holds and runs when flashing is over."""

    UNTOUCHED = "untouched"
    PROTECTED = "protected"
    HALF_WRITTEN = "half-written"
    DIFFERENT = "different"
    WAITING = "waiting-for-reset"
    RUNNING = "running"
    ACCEPTED = "accepted"
    PARTLY_STAGED = "partly-staged"
    UPLOAD_REFUSED = "upload-refused"
    STAGED = "staged"
    MARKED = "marked"
    ON_TRIAL = "on-trial"
    TRIAL_SILENT = "trial-silent"
    UNANSWERED = "unanswered"
    REVERTED = "reverted"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an end state means.

    sentence: what the chip holds and runs.
    next_step: what to do.
    good: the new image is where it was wanted.
    """

    sentence: str
    next_step: str
    good: bool = False


MEANINGS: Mapping[EndState, Meaning] = {
    EndState.UNTOUCHED: Meaning(
        "nothing was written; the chip holds what it held before",
        "mend what the error names and try again; reset the chip if it still waits in its bootloader",
    ),
    EndState.PROTECTED: Meaning(
        "nothing was written: the chip lets nobody read it and refused to be erased, as read-out protection does",
        "take the protection off as the error says, which erases the chip; then flash it again",
    ),
    EndState.HALF_WRITTEN: Meaning(
        "writing had begun and was not verified; the chip's flash must be taken for half written, and may not start",
        "flash it again before it is used; its bootloader is in ROM and cannot be lost",
    ),
    EndState.DIFFERENT: Meaning(
        "the whole image was sent, and the flash reads back otherwise; the chip must not be used",
        "flash it again; if it differs again, suspect the supply, the flash, or a protection",
    ),
    EndState.WAITING: Meaning(
        "the new image is in the flash and was verified; that it was started is not certain: the chip may wait in its "
        "bootloader",
        "release BOOT and press reset, or switch it off and on",
        good=True,
    ),
    EndState.RUNNING: Meaning(
        "the new image is in the flash, was verified and was started", "nothing; see it work", good=True
    ),
    EndState.ACCEPTED: Meaning(
        "the chip took every block and left its drive, as it does to start; a drive cannot be read back to verify",
        "see it work: this family says no more over its drive",
        good=True,
    ),
    EndState.PARTLY_STAGED: Meaning(
        "the old image runs; a part of the new one may lie in the second slot and is never started",
        "flash again: the upload goes on where it broke, or begins anew",
    ),
    EndState.UPLOAD_REFUSED: Meaning(
        "the old image runs; the device refused the new one, and what it took of it is never started",
        "mend what the error names, then flash again; the same image is refused again",
    ),
    EndState.STAGED: Meaning(
        "the old image runs; the whole new one lies in the second slot, and a reset does not start it",
        "flash again: only the start is left to do",
    ),
    EndState.MARKED: Meaning(
        "the old image runs; the whole new one lies in the second slot, and the next reset starts it on trial",
        "reset the device, then flash again: only the confirmation is left to do",
    ),
    EndState.ON_TRIAL: Meaning(
        "the new image runs on trial; the next reset brings the old one back",
        "see it work, then flash it once more without --no-confirm, or confirm it from the image itself",
        good=True,
    ),
    EndState.TRIAL_SILENT: Meaning(
        "the new image was started on trial and nothing answers; a reset brings the old one back, unless the new one "
        "confirmed itself",
        "reset the chip, then flash again to hear which image runs",
    ),
    EndState.UNANSWERED: Meaning(
        "the device was asked to start or to keep the new image, and no answer says whether it did; both images are "
        "whole, and which one stays is not known",
        "mend the line and flash again: the device then says which image runs",
    ),
    EndState.REVERTED: Meaning(
        "the old image runs; the bootloader refused the new one or took it back",
        "check the signing key, the version and the image; then flash again",
    ),
    EndState.CONFIRMED: Meaning("the new image runs and was confirmed; it stays", "nothing; see it work", good=True),
}
