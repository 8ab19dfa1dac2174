"""The one procedure of flashing: identify, check the fit, write, verify, start, and say in which state the chip is.

A line that breaks, and a flash that reads back otherwise, is tried again a few times; the chip is identified anew each
time, for another one may be plugged in. A chip that says no is not asked twice. No way out, Ctrl-C included, lacks an
end state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError, OutageError
from firmware_tools.flash.end_state import MEANINGS, EndState
from firmware_tools.flash.fit import check_fit
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused, WrongChip

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_tools.flash.flasher import Chip, Flasher, Progress
    from firmware_tools.image import FirmwareImage

BETWEEN_ATTEMPTS_S = 2.0
"""A USB adapter that was unplugged takes about a second to be there again."""


class Interrupted(ChipSilent):
    """A person pressed Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How flashing ended.

    end_state: what the chip holds and runs.
    chip: what answered; None if nothing did.
    error: why the image is not in place; None if it is.
    attempts: how often writing was begun.
    """

    end_state: EndState
    chip: Chip | None
    error: LeptonError | None
    attempts: int

    @property
    def done(self) -> bool:
        """Whether the new image is where it was wanted."""
        return self.error is None and MEANINGS[self.end_state].good


def flash(
    flasher: Flasher,
    image: FirmwareImage,
    *,
    expected: str | None,
    attempts: int,
    told: Progress,
    sleep: Callable[[float], None],
    dry_run: bool = False,
) -> Outcome:
    """Flash one chip.

    Args:
        flasher: its family's, with the image.
        image: the same image, for the fit.
        expected: the chip's name, as the person gave it.
        attempts: how often a broken write is begun.
        told: hears the share that is written.
        sleep: waits between attempts.
        dry_run: identify the chip and check the fit, and write nothing.
    """
    chip = None
    try:
        chip = flasher.identify()
        check_fit(image, chip, expected)
    except LeptonError as error:
        return Outcome(EndState.UNTOUCHED, chip, error, 0)
    except KeyboardInterrupt:
        stopped = Interrupted("wanted to identify the chip, found Ctrl-C pressed; begin again")
        return Outcome(EndState.UNTOUCHED, chip, stopped, 0)
    if dry_run:
        return Outcome(EndState.UNTOUCHED, chip, None, 0)
    outcome = _attempt(flasher, chip, told, 1)
    for attempt in range(2, attempts + 1):
        if isinstance(outcome.error, Interrupted) or not isinstance(outcome.error, (OutageError, Mismatch)):
            break
        sleep(BETWEEN_ATTEMPTS_S)
        again = _same_chip(flasher, chip)
        if again is not None:
            outcome = Outcome(outcome.end_state, chip, again, outcome.attempts)
            if isinstance(again, WrongChip):
                break
            continue
        outcome = _attempt(flasher, chip, told, attempt)
    return outcome


def _attempt(flasher: Flasher, chip: Chip, told: Progress, attempt: int) -> Outcome:
    stage = Stage.WRITE
    failed: LeptonError
    try:
        flasher.write(told)
        stage = Stage.VERIFY
        flasher.verify()
        stage = Stage.START
        return Outcome(flasher.start(), chip, None, attempt)
    except LeptonError as error:
        failed = error
    except OSError as error:
        failed = ChipSilent(f"wanted to {stage.value} the image, found {error}; check cable and disk")
    except Exception as error:  # noqa: BLE001 - whatever it is, the person must hear in which state the chip is
        failed = WriteRefused(f"wanted to {stage.value} the image, found {error!r}, a fault of this program; report it")
    except KeyboardInterrupt:
        failed = Interrupted(f"wanted to {stage.value} the image, found Ctrl-C pressed; begin again")
    return Outcome(flasher.settle(stage, failed), chip, failed, attempt)


def _same_chip(flasher: Flasher, chip: Chip) -> LeptonError | None:
    """Why writing cannot be begun again; None if the same chip answers."""
    try:
        found = flasher.identify()
    except LeptonError as error:
        return error
    if found != chip:
        return WrongChip(f"wanted {chip.name} again, found {found.name} {found.details}; plug the first chip in")
    return None
