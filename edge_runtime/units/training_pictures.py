"""The button that records training pictures: the local page's request, handed to the recorder among the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.recording.album import Album
from edge_runtime.web.insight import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_contracts.station import Point
    from edge_runtime.recording.picture_recorder import PictureRecorder


class TrainingPictures:
    """Records into `training/` of the state folder, one folder per point; `edge_runtime.web.insight.RecordsPictures`.

    Args:
        recorder: started, and told each verdict.
        state_folder: the station's.
        points: those that run.
    """

    def __init__(self, recorder: PictureRecorder, state_folder: Path, points: Callable[[], Sequence[Point]]) -> None:
        self._recorder = recorder
        self._folder = state_folder / "training"
        self._points = points

    def begin(self, point: str, count: int) -> None:
        """Record so many pictures of a point from now on.

        Raises:
            BadInputError: there is no such point, it listens, or a recording is running.
        """
        settings = next((each for each in self._points() if each.name == point), None)
        if settings is None or settings.listens:
            raise BadInputError(f"wanted a point that sees pictures, found that {point} is none")
        self._recorder.record(point, Album(self._folder / point, point), settings.region, count)

    def progress(self, point: str) -> Recording | None:
        """How far the last recording is, None when the last one was another point's."""
        found = self._recorder.progress
        if found.point != point or found.folder is None:
            return None
        return Recording(found.wanted, found.taken, str(found.folder), found.running, found.trouble or "")
