"""The pictures behind alerts, on the board's disk: named by their content, oldest removed first.

A full disk or a failed write is counted and leaves the alert without a picture; it never disturbs an inspection.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.alert import Evidence, EvidenceKind
from edge_contracts.recorded_frame import RecordedFrame, with_note
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.inspection.overlay import draw_heat
from edge_runtime.state_folder import make_folder

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.station import EvidenceSettings
    from edge_runtime.occasion import Inspected

_MEDIA_TYPE = "image/jpeg"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class EvidenceCounts:
    """What happened to evidence since the start, in files."""

    kept: int = 0
    failed: int = 0
    removed: int = 0


class EvidenceStore:
    """JPEG files in `folder/ab/abcdef….jpg`, named by their SHA-256, within a quota; each says in itself what it is.

    Args:
        folder: made when it is not there; what an earlier run left counts towards the quota.
        settings: quota and quality.
        counts: goes on counting there.

    Raises:
        BadInputError: the folder cannot be made there.
        MediumRefused: the disk is full, read-only or broken just now.
    """

    def __init__(self, folder: Path, settings: EvidenceSettings, counts: EvidenceCounts | None = None) -> None:
        self.counts = counts or EvidenceCounts()
        self._folder = folder
        self._settings = settings
        make_folder(folder, "folder for evidence")
        self._sizes = _found(folder)
        self._total_bytes = sum(self._sizes.values())

    def keep(self, inspected: Inspected) -> tuple[Evidence, ...]:
        """Write the picture and, where there is one, the heat map over it; empty when there is nothing to show."""
        if inspected.frame is None or not self._settings.enabled:
            return ()
        pixels, heat = inspected.frame.pixels, inspected.heat_map
        pieces = [self._keep_one(EvidenceKind.IMAGE, pixels, inspected)]
        if heat is not None and np.isfinite(heat).all():
            drawn = draw_heat(pixels, heat, inspected.region, inspected.verdict.threshold)
            pieces.append(self._keep_one(EvidenceKind.HEAT_MAP, drawn, inspected))
        return tuple(piece for piece in pieces if piece is not None)

    def path_of(self, sha256: str) -> Path:
        """Where a piece of evidence lies, or would lie."""
        return self._folder / sha256[:2] / f"{sha256}.jpg"

    def _keep_one(self, kind: EvidenceKind, pixels: npt.NDArray[np.uint8], inspected: Inspected) -> Evidence | None:
        note = RecordedFrame(kind, inspected.verdict.model or "", inspected.region)
        try:
            content = with_note(_jpeg(pixels, self._settings.jpeg_quality), note)
            sha256 = hashlib.sha256(content).hexdigest()
            self._write(self.path_of(sha256), content)
        except OSError as error:
            self.counts.failed += 1
            _log.warning("evidence could not be kept: %s", error)
            return None
        self.counts.kept += 1
        return Evidence(kind=kind, sha256=sha256, media_type=_MEDIA_TYPE, bytes=len(content))

    def _write(self, path: Path, content: bytes) -> None:
        if path in self._sizes:
            self._sizes.move_to_end(path)
            return
        self._make_room(len(content))
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._sizes[path] = len(content)
        self._total_bytes += len(content)

    def _make_room(self, wanted_bytes: int) -> None:
        while self._sizes and self._total_bytes + wanted_bytes > self._settings.max_bytes:
            oldest, size = self._sizes.popitem(last=False)
            oldest.unlink(missing_ok=True)
            self._total_bytes -= size
            self.counts.removed += 1


def _found(folder: Path) -> OrderedDict[Path, int]:
    """What lies there, oldest first; half-written files of a run that died are removed."""
    for partial in folder.glob("??/*.partial"):
        partial.unlink(missing_ok=True)
    known = [(path, path.stat()) for path in folder.glob("??/*.jpg")]
    return OrderedDict((path, stat.st_size) for path, stat in sorted(known, key=lambda item: item[1].st_mtime_ns))


def _jpeg(pixels: npt.NDArray[np.uint8], quality: int) -> bytes:
    cv2 = load_opencv()
    written, content = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not written:
        raise OSError("wanted a JPEG of the picture, found that OpenCV cannot encode it")
    return bytes(content)
