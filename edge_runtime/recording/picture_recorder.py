"""Records training pictures while the daemon inspects: a sink of verdicts that a button starts.

The point's loop never waits for the disk: pictures lie in a short line before a thread that writes them, and what does
not fit is counted and left out.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.own_thread import OwnThread
from edge_runtime.recording.recording import Recording

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Region
    from edge_contracts.verdict import Cause
    from edge_runtime.frames import Frame
    from edge_runtime.occasion import Inspected
    from edge_runtime.recording.album import Album

_IN_LINE_MAX = 4
_POLL_S = 0.25

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recording is.

    point: whose pictures are recorded, empty before the first request.
    folder: where they are, None before the first request.
    taken, wanted: pictures.
    told: the same for a person, with what was skipped and why.
    left_out: pictures that came faster than the disk takes them.
    running: further pictures will be taken.
    trouble: why it ended before its time, None where it did not.
    """

    point: str
    folder: Path | None
    taken: int
    wanted: int
    told: str
    left_out: int
    running: bool
    trouble: str | None


class PictureRecorder(OwnThread):
    """Takes the next pictures of one point into a folder, when somebody asks for it."""

    def __init__(self) -> None:
        super().__init__("record-pictures", "the recorder of pictures")
        self._lock = threading.Lock()
        self._point = ""
        self._recording: Recording | None = None
        self._left_out = 0
        self._trouble: str | None = None
        self._line: queue.Queue[tuple[Recording, Frame | None, Cause]] = queue.Queue(_IN_LINE_MAX)

    def record(self, point: str, album: Album, region: Region, count: int) -> None:
        """Take the next `count` pictures of a point that can be judged.

        Raises:
            BadInputError: the folder is none, or a recording is running.
        """
        with self._lock:
            if self._is_running():
                raise BadInputError(
                    f"wanted to record {count} pictures of {point}, found that {self._point} is being recorded "
                    f"({self._recording}); wait for its end, or cancel it"
                )
            album.open()
            self._recording = Recording(album, region, count)
            self._point, self._left_out, self._trouble = point, 0, None

    def cancel(self) -> None:
        """Take no further picture; those that were taken stay."""
        with self._lock:
            if self._is_running():
                self._trouble = "cancelled"

    @property
    def progress(self) -> Progress:
        """How far it is."""
        with self._lock:
            recording = self._recording
            return Progress(
                point=self._point,
                folder=recording.album.folder if recording else None,
                taken=recording.taken if recording else 0,
                wanted=recording.wanted if recording else 0,
                told=str(recording) if recording else "nothing was recorded yet",
                left_out=self._left_out,
                running=self._is_running(),
                trouble=self._trouble,
            )

    def take(self, inspected: Inspected) -> None:
        """Take a verdict's picture if it is asked for; returns at once."""
        with self._lock:
            if self._recording is None or not self._is_running() or inspected.verdict.point != self._point:
                return
            try:
                self._line.put_nowait((self._recording, inspected.frame, inspected.verdict.cause))
            except queue.Full:
                self._left_out += 1

    def _is_running(self) -> bool:
        return self._recording is not None and self._trouble is None and not self._recording.is_done

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                recording, frame, cause = self._line.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            self._keep(recording, frame, cause)

    def _keep(self, recording: Recording, frame: Frame | None, cause: Cause) -> None:
        if recording is not self._recording or self._trouble is not None:
            return
        try:
            recording.offer(frame, cause)
        except Exception as error:  # noqa: BLE001 - a full disk ends a recording, never the thread
            with self._lock:
                self._trouble = f"a picture cannot be kept in {recording.album.folder} ({error})"
            _log.exception("%s: %s", self._point, self._trouble)
