"""Resets by DTR and RTS, and the speed at which a chip answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import OutageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from firmware_tools.link.link import Link


@dataclass(frozen=True, slots=True)
class Step:
    """One setting of the control lines, and how long it is held."""

    dtr: bool
    rts: bool
    hold_s: float


Reset = tuple[Step, ...]

RESETS: Mapping[str, Reset] = {
    "esp-run": (Step(dtr=False, rts=True, hold_s=0.1), Step(dtr=False, rts=False, hold_s=0.05)),
    "esp-bootloader": (
        Step(dtr=False, rts=True, hold_s=0.1),
        Step(dtr=True, rts=False, hold_s=0.05),
        Step(dtr=False, rts=False, hold_s=0.0),
    ),
    "stm32-run": (Step(dtr=True, rts=True, hold_s=0.1), Step(dtr=False, rts=True, hold_s=0.05)),
    "stm32-bootloader": (Step(dtr=True, rts=False, hold_s=0.1), Step(dtr=False, rts=False, hold_s=0.05)),
}
"""How boards are wired: an ESP's has RTS at reset and DTR at GPIO0 (Espressif, "Boot mode selection"), an STM32's is
as the guide draws it: DTR is NRST, RTS is BOOT0. An asserted line is a low pin."""


def reset(link: Link, steps: Reset, sleep: Callable[[float], None]) -> None:
    """Do the steps of a reset.

    Raises:
        NoControlLines: the line has none.
    """
    for step in steps:
        link.set_lines(dtr=step.dtr, rts=step.rts)
        sleep(step.hold_s)


def find_baud(link: Link, bauds: Sequence[int], answers: Callable[[Link], bool]) -> int:
    """The first speed at which the chip answers.

    Args:
        link: the line; it stays at that speed.
        bauds: the speeds to try, in this order.
        answers: asks something, and says whether the answer made sense.

    Raises:
        OutageError: it answers at none of them.
    """
    for baud in bauds:
        link.set_baud(baud)
        if answers(link):
            return baud
    raise OutageError(
        f"wanted an answer at one of {', '.join(map(str, bauds))} baud, found none; check TX, RX, ground and power"
    )
