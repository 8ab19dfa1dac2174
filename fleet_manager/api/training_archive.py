"""What the next training learns from, as one ZIP: `labels.csv`, the pictures that it names, and what was left out.

It is given away as it is made, a block of a picture at a time. Pictures are stored as they are: they are compressed
already. The two lists follow the pictures, because only then is it known which of them were there.
"""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

from fleet_manager.api.outbound_file import OutboundFile
from fleet_manager.desk.teaching import LeftOut
from fleet_manager.desk.training_labels import (
    LEFT_OUT_COLUMNS,
    MANIFEST_COLUMNS,
    evidence_path,
    left_out_row,
    manifest_row,
)
from fleet_manager.evidence.media_type import HEAD_BYTES, media_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_manager.desk.teaching import Lesson
    from fleet_manager.desk.true_labels import TrueLabel
    from fleet_manager.evidence.evidence_store import EvidenceStore

MEDIA_TYPE: Final = "application/zip"
MANIFEST: Final = "labels.csv"
LEFT_OUT: Final = "left-out.csv"
_IN_MEMORY_BYTES: Final = 1 << 20
_BLOCK_CHARACTERS: Final = 64 << 10


def training_archive(lessons: Iterable[Lesson], store: EvidenceStore) -> Iterator[bytes]:
    """The bytes of the ZIP, in pieces.

    Args:
        lessons: every label, in the order of the export.
        store: where the pictures are; a label whose picture is not there is left out.

    Raises:
        EvidenceAway: what keeps the pictures does not answer; what was given away until then is no whole file.
    """
    out = OutboundFile()
    with zipfile.ZipFile(out, "w") as archive, _list() as manifest, _list() as left_out:
        csv.writer(manifest).writerow(MANIFEST_COLUMNS)
        csv.writer(left_out).writerow(LEFT_OUT_COLUMNS)
        for lesson in lessons:
            found, size = _looked_up(lesson, store)
            if found.left_out is not None:
                csv.writer(left_out).writerow(left_out_row(found))
                continue
            csv.writer(manifest).writerow(manifest_row(found.label))
            yield from _entry(archive, out, evidence_path(found.label), _picture(found.label, store, size))
        yield from _entry(archive, out, MANIFEST, _content(manifest))
        yield from _entry(archive, out, LEFT_OUT, _content(left_out))
    yield out.take()


def _list() -> SpooledTemporaryFile[str]:
    return SpooledTemporaryFile(_IN_MEMORY_BYTES, "w+", encoding="utf-8", newline="")


def _looked_up(lesson: Lesson, store: EvidenceStore) -> tuple[Lesson, int]:
    """The lesson as far as its picture is there, and the picture's bytes; nobody said what kind a reported one is."""
    label = lesson.label
    if lesson.left_out is not None or label.sha256 is None:
        return lesson, 0
    piece = store.look(label.site, label.sha256)
    if piece is None or not piece.is_whole:
        return replace(lesson, left_out=LeftOut.NOT_HERE), 0
    if label.media_type is None:
        head = b"".join(_picture(label, store, min(HEAD_BYTES, piece.size_bytes)))
        label = replace(label, media_type=media_type(head))
    return replace(lesson, label=label), piece.size_bytes


def _picture(label: TrueLabel, store: EvidenceStore, size: int) -> Iterator[bytes]:
    return store.blocks(label.site, label.sha256 or "", 0, size)


def _content(file: SpooledTemporaryFile[str]) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(_BLOCK_CHARACTERS):
        yield block.encode()


def _entry(archive: zipfile.ZipFile, out: OutboundFile, name: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    with archive.open(zipfile.ZipInfo(name), "w") as entry:
        for block in blocks:
            entry.write(block)
            yield out.take()
    yield out.take()
