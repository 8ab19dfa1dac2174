"""Cameras and networks that fail."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.fakes.pictures import picture, write_picture
from tests.system.faults.fault import Fault
from tests.system.faults.pictures_on_the_line import LEVELS

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig


class Stalled(Fault):
    name = "camera stalls (SIGSTOP)"

    def begin(self, rig: Rig) -> None:
        rig.camera.stall()

    def end(self, rig: Rig) -> None:
        rig.camera.go_on()


class Killed(Fault):
    name = "camera killed, its address refuses"

    def begin(self, rig: Rig) -> None:
        rig.camera.unplug()

    def end(self, rig: Rig) -> None:
        rig.camera.plug_in()


class KilledForLong(Killed):
    name = "camera away until the longest pause between attempts"
    lasts_s = 14.0


class BlackHole(Fault):
    name = "black hole: accepts, never answers"

    def begin(self, rig: Rig) -> None:
        rig.camera.open_black_hole()

    def end(self, rig: Rig) -> None:
        rig.camera.close_black_hole()
        rig.camera.plug_in()


class OtherMode(Fault):
    """The camera is there and sends something else."""

    mode: str

    def begin(self, rig: Rig) -> None:
        rig.camera.show(self.mode)

    def end(self, rig: Rig) -> None:
        rig.camera.show("normal")


class Refusing(OtherMode):
    name = "camera answers 503"
    mode = "refusing"


class Garbage(OtherMode):
    name = "garbage in the stream"
    mode = "garbage"


class Dripping(OtherMode):
    name = "one byte at a time, for ever"
    mode = "dripping"


class Truncated(OtherMode):
    name = "every JPEG cut in half"
    mode = "truncated"


class Bomb(OtherMode):
    name = "JPEGs of 3.6 billion pixels"
    mode = "bomb"


class Replugged(Fault):
    name = "replugged with another resolution"

    def begin(self, rig: Rig) -> None:
        rig.camera.unplug()

    def end(self, rig: Rig) -> None:
        rig.camera.plug_in("large")


class FolderDeleted(Fault):
    name = "folder of pictures moved away"
    point = 'source = {{ kind = "folder", path = "parts", repeat = true }}\n'

    def prepare(self, rig: Rig) -> None:
        folder = rig.folder / "parts"
        folder.mkdir()
        for number in range(9):
            kind = "defect" if number % 3 == 2 else "good"
            write_picture(folder / f"{number}-{kind}.png", picture(LEVELS[kind], seed=number))

    def shown(self, part: str) -> str | None:
        return "defect" if "defect" in part else "good"

    def begin(self, rig: Rig) -> None:
        shutil.move(rig.folder / "parts", rig.folder / "elsewhere")

    def end(self, rig: Rig) -> None:
        shutil.move(rig.folder / "elsewhere", rig.folder / "parts")


SOURCE_FAULTS = (
    *(Stalled(), Killed(), KilledForLong(), BlackHole(), Refusing(), Garbage(), Dripping(), Truncated(), Bomb()),
    *(Replugged(), FolderDeleted()),
)
