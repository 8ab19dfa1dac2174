"""The pictures and sounds behind verdicts, on the board's disk: named by their content, within a quota.

A full disk or a failed write is counted and costs the picture: its alert names a file that is nowhere then, as one
that the quota has removed. It never disturbs an inspection.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import Evidence
from edge_runtime.evidence.piece import MEDIA_TYPES, Piece, drafts
from edge_runtime.evidence.shares import CLIP, Shares, class_of
from edge_runtime.state_folder import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_contracts.alert import EvidenceKind
    from edge_contracts.station import EvidenceSettings
    from edge_runtime.evidence.clip import Clip
    from edge_runtime.occasion import Inspected

_CLIPS = "application/zip"
_SUFFIXES = {"image/jpeg": ".jpg", "audio/wav": ".wav", _CLIPS: ".zip"}
TIGHT_BYTES: Final = 16 << 20
"""So much evidence is kept also on a disk without room to spare."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class EvidenceCounts:
    """What happened to evidence since the start, in files.

    given_up: not kept, because enough was written to the board's flash for the day.
    """

    kept: int = 0
    failed: int = 0
    removed: int = 0
    given_up: int = 0


class EvidenceStore:
    """Files in `folder/defect-scratch/ab/abcdef….jpg`, named by their SHA-256, within a quota that all classes share.

    Each says in itself what it is. Used by one thread; `encoded` and `path_of` by any.

    Args:
        folder: made when it is not there; what an earlier run left counts towards the quota.
        settings: quota, shares and quality.
        counts: goes on counting there.
        may_write: whether the board's flash bears another picture today.
        may_grow: whether the disk has room to spare; while it has not, a new picture takes the place of old ones.

    Raises:
        BadInputError: the folder cannot be made there.
        MediumRefused: the disk is full, read-only or broken just now.
    """

    def __init__(
        self,
        folder: Path,
        settings: EvidenceSettings,
        counts: EvidenceCounts | None = None,
        may_write: Callable[[], bool] = lambda: True,
        may_grow: Callable[[], bool] = lambda: True,
    ) -> None:
        self.counts = counts or EvidenceCounts()
        self._folder = folder
        self._settings = settings
        self._shares = Shares.of(settings)
        self._may_write, self._may_grow = may_write, may_grow
        self._on_kept: Callable[[Path], None] = _nobody
        self._on_removed: Callable[[Path], None] = _nobody
        make_folder(folder, "folder for evidence")
        self._sizes = _found(folder)
        self._places = {path.stem: path for sizes in self._sizes.values() for path in sizes}

    def follow(self, kept: Callable[[Path], None] | None = None, removed: Callable[[Path], None] | None = None) -> None:
        """Have these, and no others, told of each file that is written and removed; they return at once."""
        self._on_kept, self._on_removed = kept or _nobody, removed or _nobody

    def keep(self, inspected: Inspected) -> tuple[Evidence, ...]:
        """Encode and write what backs a verdict; what of it was kept."""
        return self.write(self.encoded(inspected))

    def encoded(self, inspected: Inspected) -> tuple[Piece, ...]:
        """The picture and, where something was found in it, another that shows it, or the sound; empty for nothing.

        Touches no disk, so that an alert can name its evidence and need not wait for it.
        """
        if inspected.seen is None or not self._settings.enabled or self._gives_up():
            return ()
        drawn = drafts(inspected, self._settings.jpeg_quality)
        pieces = (self._piece(kind, class_of(inspected.verdict), made) for kind, made in drawn)
        return tuple(piece for piece in pieces if piece is not None)

    def write(self, pieces: tuple[Piece, ...]) -> tuple[Evidence, ...]:
        """Bring encoded pieces to the disk; those that it took."""
        return tuple(piece.evidence for piece in pieces if self._is_written(piece))

    def keep_clip(self, clip: Clip) -> Path | None:
        """Write the pictures around a defect as one file; None when it was not kept."""
        if not self._settings.enabled or self._gives_up():
            return None
        try:
            content = clip.packed(self._settings.jpeg_quality)
            sha256 = hashlib.sha256(content).hexdigest()
            self._keep(CLIP, sha256, content, _SUFFIXES[_CLIPS])
        except OSError as error:
            self._note_failure(error)
            return None
        self.counts.kept += 1
        return self.path_of(sha256)

    def path_of(self, sha256: str) -> Path:
        """Where a piece of evidence lies; a path to no file when it is not kept, or no more."""
        return self._places.get(sha256, self._folder / f"{sha256}.gone")

    def _gives_up(self) -> bool:
        if self._may_write():
            return False
        self.counts.given_up += 1
        return True

    def _piece(self, kind: EvidenceKind, of_class: str, made: Callable[[], bytes]) -> Piece | None:
        try:
            content = made()
        except OSError as error:
            self._note_failure(error)
            return None
        sha256 = hashlib.sha256(content).hexdigest()
        evidence = Evidence(kind=kind, sha256=sha256, media_type=MEDIA_TYPES[kind], bytes=len(content))
        return Piece(evidence, of_class, content)

    def _is_written(self, piece: Piece) -> bool:
        evidence = piece.evidence
        try:
            self._keep(piece.of_class, evidence.sha256, piece.content, _SUFFIXES[evidence.media_type])
        except OSError as error:
            self._note_failure(error)
            return False
        self.counts.kept += 1
        return True

    def _note_failure(self, error: OSError) -> None:
        self.counts.failed += 1
        if self.counts.failed & (self.counts.failed - 1) == 0:
            _log.warning("evidence could not be kept (%d so far): %s", self.counts.failed, error)

    def _keep(self, name: str, sha256: str, content: bytes, suffix: str) -> None:
        """Write a file into a class, once."""
        if (known := self._places.get(sha256)) is not None:
            sizes = self._sizes[known.parent.parent.name]
            if known.exists():
                sizes.move_to_end(known)
                return
            sizes.pop(known, None)  # somebody removed it, to make room
            self._on_removed(known)
        self._make_room(name, len(content))
        path = self._folder / name / sha256[:2] / f"{sha256}{suffix}"
        _write(path, content)
        self._places[sha256] = path
        self._sizes[name][path] = len(content)
        self._on_kept(path)

    def _limit_bytes(self) -> int:
        if self._may_grow():
            return self._settings.max_bytes
        present = sum(sum(sizes.values()) for sizes in self._sizes.values())
        return min(self._settings.max_bytes, max(present, TIGHT_BYTES))

    def _make_room(self, wanted: str, wanted_bytes: int) -> None:
        limit = self._limit_bytes()
        while True:
            bytes_of = {name: sum(sizes.values()) for name, sizes in self._sizes.items()}
            victim = self._shares.victim(bytes_of, wanted, wanted_bytes, limit)
            if victim is None:
                return
            sizes = self._sizes[victim]
            oldest = next(iter(sizes))
            sizes.move_to_end(oldest)  # one that cannot be removed does not stand before the others for ever
            oldest.unlink(missing_ok=True)
            del sizes[oldest]
            self._places.pop(oldest.stem, None)
            self.counts.removed += 1
            self._on_removed(oldest)


def _nobody(_path: Path) -> None:
    """Nobody follows."""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _found(folder: Path) -> defaultdict[str, OrderedDict[Path, int]]:
    """What lies there by class, oldest first; half-written files of a run that died are removed."""
    for half in folder.glob("*/??/*.partial"):
        half.unlink(missing_ok=True)
    known = [(path, path.stat()) for path in folder.glob("*/??/*") if path.suffix in _SUFFIXES.values()]
    sizes: defaultdict[str, OrderedDict[Path, int]] = defaultdict(OrderedDict)
    for path, stat in sorted(known, key=lambda item: item[1].st_mtime_ns):
        sizes[path.parent.parent.name][path] = stat.st_size
    return sizes
