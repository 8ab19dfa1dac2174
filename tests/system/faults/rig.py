"""What a fault is done to: a folder, a camera, a daemon, and a broker where the fault asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.stations import THRESHOLD
from tests.system.faults.camera import Camera
from tests.system.faults.judgement import DEADLINE_NS, FRAME_AGE_NS, INTERVAL_NS
from tests.system.faults.observed_daemon import ObservedDaemon
from tests.system.faults.pictures_on_the_line import certainly_on_the_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.faults.fault import Fault
    from tests.system.faults.observed_daemon import Told

HANG_RESTART_S = 1.0
STATION = """
[station]
org = "acme"
site = "north"
device = "line-1"
state_folder = "{state}"
hang_restart_s = {hang_restart_s}

[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = {deadline_ms}
max_frame_age_ms = {frame_age_ms}
trigger = {{ kind = "interval", interval_s = {interval_s} }}
"""
MJPEG = 'source = {{ kind = "mjpeg", url = "{url}", open_timeout_s = 1.0, read_timeout_s = 0.5 }}\n'


class Rig:
    """One fault's own surroundings.

    Args:
        folder: empty; everything is made in it.
        pictures: what the camera serves.
        fault: says what the station needs.

    state: the daemon's state folder.
    variables: of the daemon's environment.
    notes: what a fault keeps for itself between its beginning and its end.
    """

    def __init__(self, folder: Path, pictures: Path, fault: Fault) -> None:
        self.folder = folder
        self.pictures = pictures
        self.fault = fault
        self.state = folder / "state"
        self.variables: dict[str, str] = {}
        self.notes: dict[str, object] = {}
        self.camera = Camera(pictures)
        self.daemon: ObservedDaemon | None = None

    @property
    def station(self) -> Path:
        return self.folder / "station.toml"

    def start(self) -> ObservedDaemon:
        """Write the station and start the daemon."""
        bundle = self.folder / "part.bundle"
        if not bundle.exists():
            write_brightness_bundle(bundle, BundleRecipe(threshold=THRESHOLD))
        self.write_station()
        self.daemon = ObservedDaemon(self.station, **self.variables)
        return self.daemon

    def write_station(self, *, more: str = "") -> None:
        """The station's file, as the fault wants it."""
        text = STATION.format(
            state=self.state,
            hang_restart_s=HANG_RESTART_S,
            deadline_ms=DEADLINE_NS / 1e6,
            frame_age_ms=FRAME_AGE_NS / 1e6,
            interval_s=INTERVAL_NS / 1e9,
        )
        point = (self.fault.point or MJPEG).format(url=self.camera.url, folder=self.folder, **self.notes)
        self.station.write_text(text + point + self.fault.more.format(folder=self.folder, **self.notes) + more)

    def truth(self, told: Told) -> str | None:
        """What the part was; None where that is not certain."""
        if not told.captured_at_ns:
            return None
        return self.fault.shown(told.part) or certainly_on_the_line(told.captured_at_ns)

    def close(self) -> None:
        """End everything that was started."""
        if self.daemon is not None:
            self.daemon.stop()
        self.fault.clear(self)
        self.camera.close()
