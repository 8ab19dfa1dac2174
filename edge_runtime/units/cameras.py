"""What examines the pictures of all points, with what earlier runs learned of the cameras' places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.cameras import Cameras
from edge_runtime.learned import Learned
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.spool import OUTBOX

if TYPE_CHECKING:
    from edge_contracts.station import StationConfig
    from edge_runtime.units.surroundings import Surroundings

CAMERAS = "the cameras' health"


def cameras(config: StationConfig, around: Surroundings) -> Unit:
    """The checks of pictures."""
    folder = config.station.state_folder

    def start() -> Part:
        around.running.cameras = Cameras(Learned(Path(folder) / "learned"))
        return Part(lambda _: True)

    return Unit(CAMERAS, "cameras", folder, lambda: Prepared(start), 0.0, needs=(OUTBOX,))
