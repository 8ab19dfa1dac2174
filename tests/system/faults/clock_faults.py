"""Wall clocks that jump; inspection must not notice.

The clock of the daemon and its children is moved by a small library of our own: the machine's own date is everybody's,
and libfaketime breaks Python's sleep. What it does not show: a kernel timer that waits for a wall-clock time.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.system.faults.fault import Fault, Harm

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig

SOURCE = Path(__file__).with_name("clock_shim.c")
HOUR_S = 3600.0
JUMPED = "import time; print(time.time())"


class ClockJumps(Fault):
    harm = Harm.NONE

    def missing(self) -> str | None:
        return None if shutil.which("cc") else "needs a C compiler (cc)"

    def by_s(self) -> float:
        """How far the clock jumps."""
        raise NotImplementedError

    def prepare(self, rig: Rig) -> None:
        library, self_offset = rig.folder / "clock_shim.so", rig.folder / "offset"
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl", "-lm"]
        subprocess.run(command, check=True, capture_output=True)
        self_offset.write_bytes(struct.pack("d", 0.0))
        rig.variables = {"LD_PRELOAD": str(library), "LEPTON_CLOCK_OFFSET": str(self_offset)}

    def begin(self, rig: Rig) -> None:
        _set(rig, self.by_s())

    def end(self, rig: Rig) -> None:
        _set(rig, 0.0)


class HourAhead(ClockJumps):
    name = "clock jumps an hour ahead, and back"

    def by_s(self) -> float:
        return HOUR_S


class HourBack(ClockJumps):
    name = "clock jumps an hour back, and ahead"

    def by_s(self) -> float:
        return -HOUR_S


class Epoch(ClockJumps):
    name = "clock says 1970"

    def by_s(self) -> float:
        return -time.time()


def _set(rig: Rig, seconds: float) -> None:
    """In place, because the daemon maps the file."""
    with (rig.folder / "offset").open("r+b") as file:
        file.write(struct.pack("d", seconds))


CLOCK_FAULTS = (HourAhead(), HourBack(), Epoch())
