"""What flashing through a bootloader in ROM has in common: it cannot be lost, and there is one flash to write to."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.errors import LeptonError
    from firmware_tools.flash.program import Done

UNOPENED = re.compile(
    r"[Cc]ould not (?:open|configure|exclusively lock)|[Cc]an't open|[Nn]ot opening|[Pp]ort is busy|doesn't exist|"
    r"does not exist|No such file|Permission denied"
)
"""What a program says whose port does not open."""
UNREACHED = re.compile(rf"{UNOPENED.pattern}|[Ff]ailed to connect|[Cc]an't init")
"""What a program says that never reached the chip."""
MISUNDERSTOOD = re.compile(r"^ *[Uu]sage: ", re.MULTILINE)
"""How a program answers arguments that it does not know."""


def was_reached(done: Done, chip_line: re.Pattern[str]) -> bool:
    """Whether a program that failed may have changed the chip: only one that surely never reached it has not."""
    away = UNREACHED.search(done.text) or MISUNDERSTOOD.search(done.text)
    return chip_line.search(done.text) is not None or away is None


def state_after(stage: Stage, error: LeptonError) -> EndState:
    """The state of the chip after a stage failed; what it holds cannot be known without the line that failed."""
    if stage is Stage.IDENTIFY:
        return EndState.UNTOUCHED
    if isinstance(error, Mismatch):
        return EndState.DIFFERENT
    return EndState.WAITING if stage is Stage.START else EndState.HALF_WRITTEN


def failure(done: Done, wanted: str, silent: re.Pattern[str], hint: str) -> ChipSilent | WriteRefused:
    """The error for a program that failed: the chip was silent, or it said no."""
    said = done.last_words()
    if MISUNDERSTOOD.search(done.text):
        return WriteRefused(
            f"wanted {wanted}, found that the program does not know its arguments ({said}); install its newest version"
        )
    if UNOPENED.search(done.text):
        return ChipSilent(
            f"wanted {wanted}, found that the port does not open ({said}); check its name and cable, that no other "
            "program has it, and that this user is in the group dialout"
        )
    if silent.search(done.text):
        return ChipSilent(f"wanted {wanted}, found no answer ({said}); {hint}")
    return WriteRefused(f"wanted {wanted}, found that it failed ({said}); check the chip's protection and its supply")


@contextmanager
def on_disk(content: bytes) -> Iterator[str]:
    """The very bytes that were checked, as a file for a program: the person's own may change meanwhile."""
    with TemporaryDirectory(prefix="lepton-flash-") as folder:
        path = Path(folder, "image.bin")
        path.write_bytes(content)
        yield str(path)


def nobody(_: float) -> None:
    """Nobody watches."""
