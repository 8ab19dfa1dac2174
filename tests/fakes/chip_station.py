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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.fakes.firmware_line import ChipLine

DELAY_MS, LEAD_MS, PULSE_MS = 300, 100, 15
GATE_COUNTS, LEAD_COUNTS, PITCH_COUNTS = 300, 100, 100
"""On a counted belt: from the camera to the gate, told so many before, and from one part to the next."""
_STEP_S = 0.005
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
"""
TIMED = f"""
lead_ms = {LEAD_MS}
gate = {{ kind = "time", delay_ms = {DELAY_MS} }}
"""
COUNTED = f"""
lead_counts = {LEAD_COUNTS}

[outputs.gate]
kind = "encoder"
encoder = {{ kind = "microcontroller", microcontroller = "cell" }}
counts = {GATE_COUNTS}
tolerance_counts = 60
"""


def write_chip_station(folder: Path, line: ChipLine, *, deadline_ms: float = 180, gate: str = TIMED) -> Path:
    """Every third picture is a defect; `gate` is TIMED or COUNTED."""
    write_parts(folder / "parts", [GOOD_LEVEL, GOOD_LEVEL, DEFECT_LEVEL] * 4)
    tables = TABLES.format(port=line.path, pulse_ms=PULSE_MS) + gate
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


class CountedBelt(StopAfter):
    """Turns an encoder, brings a part each pitch, and stops the daemon when the last has passed the gate.

    Args:
        pitches_s: how long the belt takes for the pitch before each part.
        stands_before: the belt stands for half a second in the middle of the pitch before this part.

    Attributes:
        triggered: the encoder's count at each part's trigger, by number.
    """

    def __init__(self, line: ChipLine, pitches_s: Sequence[float], stands_before: int) -> None:
        super().__init__(1_000_000)
        self.triggered: dict[int, int] = {}
        self._line = line
        self._stands_before = stands_before
        self._told: list[tuple[int, int]] = [(0, 0)]
        self._thread = threading.Thread(target=self._run, args=(pitches_s,), name="belt", daemon=True)
        self._thread.start()

    @property
    def moments(self) -> dict[int, int]:
        """The tick at which each part came to the gate, by number."""
        return {
            number: next(tick for tick, told in self._told if told >= count + GATE_COUNTS)
            for number, count in self.triggered.items()
        }

    def _run(self, pitches_s: Sequence[float]) -> None:
        eventually(self._may_run, 30)
        for place, pitch_s in enumerate(pitches_s, 1):
            self._move(PITCH_COUNTS // 2, pitch_s / 2)
            if place == self._stands_before:
                self._move(0, 0.5)
            self._move(PITCH_COUNTS // 2, pitch_s / 2)
            count = self._told[-1][1]
            self.triggered[self._line.part()] = count
        self._move(GATE_COUNTS + PITCH_COUNTS, 0.5)
        eventually(lambda: len(self.verdicts) >= len(pitches_s))
        self.stop.set()

    def _may_run(self) -> bool:
        """Until the belt has moved by the way to the gate, everything is rejected: parts of before may be on it."""
        self._move(10, _STEP_S)
        return not self._line.rejects

    def _move(self, counts: int, seconds: float) -> None:
        never, began_s, before = threading.Event(), time.monotonic(), self._told[-1][1]
        share = 0.0
        while share < 1:
            never.wait(_STEP_S)
            share = min((time.monotonic() - began_s) / seconds, 1.0)
            self._told.append((time.monotonic_ns() // 1000 % 2**32, before + int(counts * share)))
            self._line.encoder(self._told[-1][1])


@dataclass(frozen=True, slots=True)
class Gate:
    """What the parts of a line met at the gate, by their numbers; microseconds.

    late_us: of each pulse that was made for a part alone, how much later than the part it began.
    rejected: parts at which the gate was active, for whatever reason.
    away_us: for how long the host did not let the model run, the longest time of those that met the part at the gate.
    """

    late_us: dict[int, int]
    rejected: set[int]
    away_us: dict[int, int]

    def why_not(self, bad: set[int]) -> str:
        """Of each part that had not the pulse it should have had, whether the host or the product is to blame."""
        said = []
        for number in sorted(bad ^ set(self.late_us) | bad ^ self.rejected):
            away_us = self.away_us.get(number, 0)
            late = away_us >= PULSE_MS * 1000
            whose = f"the host: it did not let the model run for {away_us / 1000:.1f} ms" if late else "the product"
            what = "bad" if number in bad else "good"
            met = "rejected" if number in self.rejected else "not rejected"
            said.append(f"part {number}, {what} and {met}: {whose}")
        return "; ".join(said)


def at_the_gate(line: ChipLine, moments: Mapping[int, int] | None = None) -> Gate:
    """Look at each part's moment at the gate, and at the pulse's length after it.

    Args:
        line: when it is over.
        moments: the tick of each part's moment, by number; None: so long after its trigger.
    """
    active = list(_active(line))
    late_us, rejected = {}, set()
    if moments is None:
        moments = {number: triggered + DELAY_MS * 1000 for number, triggered in line.parts}
    for number, moment in moments.items():
        for rise, fall in active:
            if _after(rise, moment) < PULSE_MS * 1000 and _after(fall, moment) > 0:
                rejected.add(number)
                if _after(rise, moment) >= 0 and _after(fall, rise) < 2 * PULSE_MS * 1000:
                    late_us[number] = _after(rise, moment)
    return Gate(late_us, rejected, {number: _away_us(line, moment) for number, moment in moments.items()})


def _away_us(line: ChipLine, moment: int) -> int:
    """For how long the model was not run while the part of this moment was at the gate."""
    met = (long for long, until in line.away if -long - PULSE_MS * 1000 < _after(moment, until) < 0)
    return max(met, default=0)


def _active(line: ChipLine) -> Iterator[tuple[int, int]]:
    """Begin and end of each time that the pin was active; what has no end yet lasts."""
    changes = list(line.pins)
    for (level, rise), (_, fall) in pairwise([*changes, (0, changes[-1][1] + _LONG_US)]):
        if level:
            yield rise, fall


def _after(one: int, other: int) -> int:
    return (one - other + 2**31) % 2**32 - 2**31
