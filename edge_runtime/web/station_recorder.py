"""Training pictures of a running station: into the state folder, as long as the disk has room for them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_runtime.recording.album import Album
from edge_runtime.web.insight import Recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_contracts.station import Point
    from edge_runtime.recording.picture_recorder import PictureRecorder

PICTURE_BYTES: Final = 4 << 20
"""What one picture is counted as before it is taken: a PNG of 1920×1080 with a sensor's noise has about so many."""
_MB = 1_000_000


class StationRecorder:
    """The page's button; `edge_runtime.recording.picture_recorder.PictureRecorder` does the work.

    Args:
        recorder: a sink, already told of the verdicts.
        folder: of the pictures; each point has a folder in it.
        settings: a point's table of the configuration, None for one that does not run.
        spare_bytes: what must stay free beside the pictures.
    """

    def __init__(
        self, recorder: PictureRecorder, folder: Path, settings: Callable[[str], Point | None], spare_bytes: int
    ) -> None:
        self._recorder = recorder
        self._folder = folder
        self._settings = settings
        self._spare_bytes = spare_bytes

    def begin(self, point: str, count: int) -> None:
        """Record so many pictures from now on; returns at once.

        Raises:
            BadInputError: one is running, the point gives no pictures, or the disk has no room.
        """
        settings = self._settings(point)
        if settings is None or settings.listens:
            raise BadInputError(f"wanted a running point with a camera, found {point}, which gives no pictures")
        wanted, found = self._spare_bytes + count * PICTURE_BYTES, shutil.disk_usage(self._folder.parent).free
        if found < wanted:
            raise BadInputError(
                f"wanted {wanted // _MB:,} MB free for {count} pictures, found {found // _MB:,}; record fewer"
            )
        self._recorder.record(point, Album(self._folder / point, point), settings.region, count)

    def cancel(self, point: str) -> None:
        """Take no further picture of this point; those that were taken stay."""
        if self._recorder.progress.point == point:
            self._recorder.cancel()

    def progress(self, point: str) -> Recording | None:
        """How far the last recording is, None when there was none of this point."""
        known = self._recorder.progress
        if known.point != point or known.folder is None:
            return None
        left_out = f"; {known.left_out} left out, because they came too fast" if known.left_out else ""
        return Recording(
            wanted=known.wanted,
            taken=known.taken,
            folder=str(known.folder),
            running=known.running,
            told=known.told + left_out,
            trouble=known.trouble or "",
        )
