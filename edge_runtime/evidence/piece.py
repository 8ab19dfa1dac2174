"""A piece of evidence before it is on the disk: encoded, and so with the name that its alert tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from edge_contracts.alert import Evidence, EvidenceKind
from edge_contracts.recorded_frame import RecordedFrame, with_note
from edge_contracts.recorded_sound import wave_with_note
from edge_runtime.evidence.clip import jpeg
from edge_runtime.inspection.overlay import draw_heat, draw_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from edge_runtime.frames import Frame
    from edge_runtime.occasion import Inspected

_JPEG: Final = "image/jpeg"
MEDIA_TYPES: Final = {
    EvidenceKind.IMAGE: _JPEG,
    EvidenceKind.HEAT_MAP: _JPEG,
    EvidenceKind.BOXES: _JPEG,
    EvidenceKind.SOUND: "audio/wav",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be written.

    evidence: its name, kind and size, as an alert tells them.
    of_class: the class of the store in which it belongs.
    content: the file.
    """

    evidence: Evidence
    of_class: str
    content: bytes


def drafts(inspected: Inspected, quality: int) -> Iterator[tuple[EvidenceKind, Callable[[], bytes]]]:
    """What backs a verdict, each with what encodes it: the picture, another with what was found in it, the sound.

    Args:
        inspected: the verdict and what was judged.
        quality: of a JPEG, as OpenCV counts it.
    """
    if inspected.frame is not None:
        for kind, pixels in _pictures(inspected, inspected.frame):
            yield kind, partial(_noted, kind, pixels, inspected, quality)
    if (window := inspected.window) is not None:
        bundle = inspected.verdict.model or ""
        yield EvidenceKind.SOUND, partial(wave_with_note, window.values, window.rate_hz, bundle)


def _pictures(inspected: Inspected, frame: Frame) -> Iterator[tuple[EvidenceKind, npt.NDArray[np.uint8]]]:
    drawn, kind, heat = frame.pixels, EvidenceKind.IMAGE, inspected.heat_map
    yield kind, drawn
    if heat is not None and np.isfinite(heat).all():
        kind, drawn = EvidenceKind.HEAT_MAP, draw_heat(drawn, heat, inspected.region, inspected.verdict.threshold)
    if inspected.marks:
        kind = EvidenceKind.BOXES if kind is EvidenceKind.IMAGE else kind
        drawn = draw_marks(drawn, inspected.marks)
    if kind is not EvidenceKind.IMAGE:
        yield kind, drawn


def _noted(kind: EvidenceKind, pixels: npt.NDArray[np.uint8], inspected: Inspected, quality: int) -> bytes:
    """A JPEG that says in itself what it is.

    Raises:
        OSError: OpenCV cannot encode it.
    """
    note = RecordedFrame(kind, inspected.verdict.model or "", inspected.region)
    return with_note(jpeg(pixels, quality), note)
