"""The one procedure of flashing: identify, check the fit, write, verify, start, and say in which state the chip is.

A line that breaks, and a flash that reads back otherwise, is tried again a few times; the chip is identified anew each
time, for another one may be plugged in. A chip that says no is not asked twice, and one that holds the whole image is
not erased again because it did not start. No way out, Ctrl-C included, lacks an end state; a chip that was left
untouched runs again what it held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from edge_contracts.errors import LeptonError, OutageError
from firmware_tools.flash.end_state import MEANINGS, EndState
from firmware_tools.flash.fit import check_fit
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused, WrongChip

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_tools.flash.flasher import Chip, Flasher, Progress
    from firmware_tools.image import FirmwareImage

Answer = TypeVar("Answer")
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
    chip, failed = _tried("identify the chip", flasher.identify)
    if chip is not None:
        _, failed = _tried("check the fit", partial(check_fit, image, chip, expected, flasher.spans))
    if chip is None or failed is not None or dry_run:
        outcome = Outcome(EndState.UNTOUCHED, chip, failed, 0)
    else:
        try:
            outcome = _attempts(flasher, chip, attempts, told, sleep)
        except KeyboardInterrupt:  # between two steps; the flasher knows whether it reached the chip
            stopped = Interrupted("wanted to flash the chip, found Ctrl-C pressed; begin again")
            outcome = _settled(flasher, chip, Stage.WRITE, stopped, 1)
    if outcome.end_state is EndState.UNTOUCHED:
        _tried("let the chip go", flasher.leave)
    return outcome


def _attempts(flasher: Flasher, chip: Chip, attempts: int, told: Progress, sleep: Callable[[float], None]) -> Outcome:
    """Write until it stands, or another attempt is of no use; what is between the attempts has an end state, too."""
    outcome, again = _attempt(flasher, chip, told, 1)
    for attempt in range(2, attempts + 1):
        if not again:
            break
        _, failed = _tried("wait for the chip", partial(sleep, BETWEEN_ATTEMPTS_S))
        if failed is None:
            failed = _same_chip(flasher, chip)
        if failed is None:
            outcome, again = _attempt(flasher, chip, told, attempt)
        else:
            outcome, again = replace(outcome, error=failed), _may_pass(failed)
    return outcome


def _attempt(flasher: Flasher, chip: Chip, told: Progress, attempt: int) -> tuple[Outcome, bool]:
    """One attempt, and whether another is of use: what was compared and stands is not erased to be started."""
    steps = ((Stage.WRITE, partial(flasher.write, told)), (Stage.VERIFY, flasher.verify))
    for stage, step in steps:
        _, failed = _tried(f"{stage.value} the image", step)
        if failed is not None:
            return _settled(flasher, chip, stage, failed, attempt), _may_pass(failed)
    state, failed = _tried("start the image", flasher.start)
    if failed is not None:
        return _settled(flasher, chip, Stage.START, failed, attempt), False
    return Outcome(state or EndState.WAITING, chip, None, attempt), False


def _settled(flasher: Flasher, chip: Chip, stage: Stage, failed: LeptonError, attempt: int) -> Outcome:
    state, _ = _tried("settle the state", partial(flasher.settle, stage, failed))
    # Who is stopped even while the chip is asked must say the worse.
    return Outcome(state or EndState.HALF_WRITTEN, chip, failed, attempt)


def _same_chip(flasher: Flasher, chip: Chip) -> LeptonError | None:
    """Why writing cannot be begun again; None if the same chip answers."""
    found, failed = _tried("identify the chip", flasher.identify)
    if found is not None and found != chip:
        first, other = f"{chip.name} {chip.details}".rstrip(), f"{found.name} {found.details}".rstrip()
        return WrongChip(f"wanted {first} again, found {other}; plug the first chip in")
    return failed


def _may_pass(failed: LeptonError) -> bool:
    return isinstance(failed, (OutageError, Mismatch)) and not isinstance(failed, Interrupted)


def _tried(what: str, step: Callable[[], Answer]) -> tuple[Answer | None, LeptonError | None]:
    """What a step answers, or why it did not: nothing that is raised leaves here, so no way out lacks an end state."""
    try:
        return step(), None
    except LeptonError as error:
        return None, error
    except OSError as error:
        return None, ChipSilent(f"wanted to {what}, found {error}; check cable and disk")
    except Exception as error:  # noqa: BLE001 - whatever it is, the person must hear in which state the chip is
        return None, WriteRefused(f"wanted to {what}, found {error!r}, a fault of this program; report it")
    except KeyboardInterrupt:
        return None, Interrupted(f"wanted to {what}, found Ctrl-C pressed; begin again")
