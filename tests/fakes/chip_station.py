"""A station whose trigger and reject gate are a microcontroller: the whole daemon, and the firmware model on a pty."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fakes.patience import eventually
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, StopAfter, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.firmware_line import ChipLine

DELAY_MS, LEAD_MS, PULSE_MS = 300, 100, 15
_LONG_US = 600_000_000
POINT = """
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "microcontroller", microcontroller = "cell", queue = 8 }
"""
TABLES = """
[[microcontrollers]]
name = "cell"
port = "{port}"

[[outputs]]
name = "reject"
kind = "microcontroller"
microcontroller = "cell"
pulse_ms = {pulse_ms}
lead_ms = {lead_ms}
gate = {{ kind = "time", delay_ms = {delay_ms} }}
"""


def write_chip_station(folder: Path, line: ChipLine, *, deadline_ms: float = 180) -> Path:
    """Every third picture is a defect."""
    write_parts(folder / "parts", [GOOD_LEVEL, GOOD_LEVEL, DEFECT_LEVEL] * 4)
    tables = TABLES.format(port=line.path, pulse_ms=PULSE_MS, lead_ms=LEAD_MS, delay_ms=DELAY_MS)
    return write_station(folder, POINT, deadline_ms=deadline_ms, more=tables)


class Belt(StopAfter):
    """Brings parts to the camera once the line may run, and stops the daemon when the last has passed the gate."""

    def __init__(self, line: ChipLine, parts: int, every_s: float) -> None:
        super().__init__(1_000_000)
        self._line = line
        self._thread = threading.Thread(target=self._run, args=(parts, every_s), name="belt", daemon=True)
        self._thread.start()

    def _run(self, parts: int, every_s: float) -> None:
        eventually(lambda: not self._line.rejects, 30)
        never = threading.Event()
        began_s = time.monotonic()
        for number in range(1, 1 + parts):
            self._line.part()
            never.wait(max(began_s + number * every_s - time.monotonic(), 0))
        eventually(lambda: len(self.verdicts) >= parts)
        never.wait((DELAY_MS + 4 * PULSE_MS) / 1000)
        self.stop.set()


@dataclass(frozen=True, slots=True)
class Gate:
    """What the parts of a line met at the gate, by their numbers; microseconds.

    late_us: of each pulse that was made for a part alone, how much later than the part it began.
    rejected: parts at which the gate was active, for whatever reason.
    """

    late_us: dict[int, int]
    rejected: set[int]


def at_the_gate(line: ChipLine) -> Gate:
    """Look at each part's moment at the gate, and at the pulse's length after it."""
    active = list(_active(line))
    late_us, rejected = {}, set()
    for number, triggered in line.parts:
        moment = triggered + DELAY_MS * 1000
        for rise, fall in active:
            if _after(rise, moment) < PULSE_MS * 1000 and _after(fall, moment) > 0:
                rejected.add(number)
                if _after(rise, moment) >= 0 and _after(fall, rise) < 2 * PULSE_MS * 1000:
                    late_us[number] = _after(rise, moment)
    return Gate(late_us, rejected)


def _active(line: ChipLine) -> Iterator[tuple[int, int]]:
    """Begin and end of each time that the pin was active; what has no end yet lasts."""
    changes = list(line.pins)
    for (level, rise), (_, fall) in pairwise([*changes, (0, changes[-1][1] + _LONG_US)]):
        if level:
            yield rise, fall


def _after(one: int, other: int) -> int:
    return (one - other + 2**31) % 2**32 - 2**31
