"""The pictures and sounds behind alerts, on the board's disk: named by their content, oldest removed first.

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
from edge_contracts.recorded_sound import wave_with_note
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.inspection.overlay import draw_heat
from edge_runtime.state_folder import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.station import EvidenceSettings
    from edge_runtime.frames import Frame, Window
    from edge_runtime.occasion import Inspected

_MEDIA_TYPES = {EvidenceKind.IMAGE: "image/jpeg", EvidenceKind.HEAT_MAP: "image/jpeg", EvidenceKind.SOUND: "audio/wav"}
_SUFFIXES = {"image/jpeg": ".jpg", "audio/wav": ".wav"}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class EvidenceCounts:
    """What happened to evidence since the start, in files."""

    kept: int = 0
    failed: int = 0
    removed: int = 0


class EvidenceStore:
    """Files `folder/ab/abcdef….jpg` or `.wav`, named by their SHA-256, within a quota; each says in itself what it is.

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
        """Write the picture and, where there is one, the heat map over it, or the sound; empty for nothing."""
        if not self._settings.enabled:
            return ()
        pieces = [self._kept_picture(inspected, inspected.frame)] if inspected.frame is not None else []
        if inspected.frame is not None and inspected.heat_map is not None and np.isfinite(inspected.heat_map).all():
            pieces.append(self._kept_heat(inspected, inspected.frame, inspected.heat_map))
        if inspected.window is not None:
            pieces.append(self._kept_sound(inspected, inspected.window))
        return tuple(piece for piece in pieces if piece is not None)

    def path_of(self, sha256: str, media_type: str = "image/jpeg") -> Path:
        """Where a piece of evidence lies, or would lie."""
        return self._folder / sha256[:2] / f"{sha256}{_SUFFIXES[media_type]}"

    def _kept_picture(self, inspected: Inspected, frame: Frame) -> Evidence | None:
        return self._keep_one(EvidenceKind.IMAGE, lambda: self._noted(EvidenceKind.IMAGE, frame.pixels, inspected))

    def _kept_heat(self, inspected: Inspected, frame: Frame, heat: npt.NDArray[np.float32]) -> Evidence | None:
        drawn = draw_heat(frame.pixels, heat, inspected.region, inspected.verdict.threshold)
        return self._keep_one(EvidenceKind.HEAT_MAP, lambda: self._noted(EvidenceKind.HEAT_MAP, drawn, inspected))

    def _kept_sound(self, inspected: Inspected, window: Window) -> Evidence | None:
        bundle = inspected.verdict.model or ""
        return self._keep_one(EvidenceKind.SOUND, lambda: wave_with_note(window.values, window.rate_hz, bundle))

    def _noted(self, kind: EvidenceKind, pixels: npt.NDArray[np.uint8], inspected: Inspected) -> bytes:
        note = RecordedFrame(kind, inspected.verdict.model or "", inspected.region)
        return with_note(_jpeg(pixels, self._settings.jpeg_quality), note)

    def _keep_one(self, kind: EvidenceKind, made: Callable[[], bytes]) -> Evidence | None:
        media_type = _MEDIA_TYPES[kind]
        try:
            content = made()
            sha256 = hashlib.sha256(content).hexdigest()
            self._write(self.path_of(sha256, media_type), content)
        except OSError as error:
            self.counts.failed += 1
            _log.warning("evidence could not be kept: %s", error)
            return None
        self.counts.kept += 1
        return Evidence(kind=kind, sha256=sha256, media_type=media_type, bytes=len(content))

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
    files = (path for path in folder.glob("??/*") if path.suffix in _SUFFIXES.values())
    known = [(path, path.stat()) for path in files]
    return OrderedDict((path, stat.st_size) for path, stat in sorted(known, key=lambda item: item[1].st_mtime_ns))


def _jpeg(pixels: npt.NDArray[np.uint8], quality: int) -> bytes:
    cv2 = load_opencv()
    written, content = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not written:
        raise OSError("wanted a JPEG of the picture, found that OpenCV cannot encode it")
    return bytes(content)
