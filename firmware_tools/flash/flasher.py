"""What every family's flasher must be able to do, and how each may fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from edge_contracts.errors import OutageError, RefusedError

if TYPE_CHECKING:
    from edge_contracts.errors import LeptonError
    from firmware_tools.flash.end_state import EndState

Progress = Callable[[float], object]
"""Told the share that is done, 0 to 1."""


class WrongChip(RefusedError):
    """The image is not for the chip that answers."""


class ChipSilent(OutageError):
    """The chip does not answer, or the line broke."""


class WriteRefused(RefusedError):
    """The chip answered, and said no."""


class Mismatch(RefusedError):
    """What was read back is not what was written."""


class Stage(Enum):
    """How far flashing has come: what is being done now."""

    IDENTIFY = "identify"
    WRITE = "write"
    VERIFY = "verify"
    START = "start"


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip that answered.

    name: as images and people name it ("esp32c3", "stm32f10x-medium", "rp2040", a Zephyr board).
    details: what else it said of itself.
    also: other names that `--chip` may give.
    memory: where an image may lie, by the chip's own addresses; empty where that is not known.
    untold: what of its memory is not known before the upload, for a person; empty where all is.
    """

    name: str
    details: str = ""
    also: tuple[str, ...] = ()
    memory: tuple[range, ...] = ()
    untold: str = ""


class Flasher(Protocol):
    """One family's way to flash one image into the chip at one port.

    Every method but `settle` and `leave` raises ChipSilent when the line breaks or the chip does not answer in time,
    and WriteRefused when it says no.
    """

    @property
    def spans(self) -> tuple[range, ...]:
        """The addresses that the image takes in the chip's memory; empty where the chip finds the place itself."""
        ...

    def identify(self) -> Chip:
        """Ask which chip is there; nothing on it is changed."""
        ...

    def write(self, told: Progress) -> None:
        """Write the image where it belongs; a broken write is gone on with where the family can, else begun anew."""
        ...

    def verify(self) -> None:
        """Ask the chip what it holds now.

        Raises:
            Mismatch: it is not the image.
        """
        ...

    def start(self) -> EndState:
        """Start what was written, and say how that ended."""
        ...

    def settle(self, stage: Stage, error: LeptonError) -> EndState:
        """The state in which the chip is after `stage` failed; it is asked where it can be. Never raises."""
        ...

    def leave(self) -> None:
        """Let a chip that was left untouched run again what it holds, where this family can. Never raises."""
        ...
