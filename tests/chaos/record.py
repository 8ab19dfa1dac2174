"""What a station writes down of what it offers, outside the reach of everything that is tried on it.

One line per fact, each handed to the kernel before the next step: a SIGKILL takes none of it. `O number` before an
alert is offered; `E number epoch seq id` once its receipt came; `R number` once it was refused; `P number` where a
client without a spool took it for publishing. What has an `O` alone was in the station's hands when it was killed:
nothing was promised of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Promise:
    """An alert of which the spool said that it is durable at this place."""

    number: int
    epoch: str
    seq: int
    event_id: str


@dataclass(slots=True)
class Told:
    """A record, read.

    offered: numbers that were about to be offered. refused: those that no disk took. handed: those that a client
    without a spool took for publishing.
    """

    offered: set[int] = field(default_factory=set)
    promised: dict[int, Promise] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    handed: set[int] = field(default_factory=set)

    @property
    def in_hand(self) -> set[int]:
        """Offered, and neither promised nor refused before the station was killed."""
        return self.offered - self.promised.keys() - self.refused

    @property
    def settled(self) -> int:
        """How many were promised, refused or handed over."""
        return len(self.promised) + len(self.refused) + len(self.handed)


class Record:
    """The station's side: lines go to the kernel at once, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            os.write(self._fd, b"\n")

    def offering(self, numbers: Iterable[int]) -> None:
        os.write(self._fd, "".join(f"O {number}\n" for number in numbers).encode())

    def promised(self, promise: Promise) -> None:
        os.write(self._fd, f"E {promise.number} {promise.epoch} {promise.seq} {promise.event_id}\n".encode())

    def refused(self, number: int) -> None:
        os.write(self._fd, f"R {number}\n".encode())

    def handed(self, number: int) -> None:
        os.write(self._fd, f"P {number}\n".encode())


def read_record(path: Path) -> Told:
    """What the record says; a line that a kill cut short says nothing."""
    told = Told()
    lines = path.read_text("ascii").split("\n")[:-1] if path.exists() else []
    for line in lines:
        match line.split():
            case ["O", number]:
                told.offered.add(int(number))
            case ["E", number, epoch, seq, event_id] if len(event_id) == 36:
                told.promised[int(number)] = Promise(int(number), epoch, int(seq), event_id)
            case ["R", number]:
                told.refused.add(int(number))
            case ["P", number]:
                told.handed.add(int(number))
    return told


class Tally:
    """How many lines of a record say that something was settled, read on from where the last look ended."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self.settled = path, 0, 0

    def look(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                fresh = file.read()
            whole = fresh[: fresh.rfind(b"\n") + 1]
            self._offset += len(whole)
            self.settled += sum(line[:1] in {b"E", b"R", b"P"} for line in whole.split(b"\n"))
        return self.settled


def part_of(station: str, number: int) -> str:
    """The name of a part: one per station and number, in every life."""
    return f"{station}-{number}"
