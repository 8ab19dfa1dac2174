"""The pictures around a defect, reduced, as one file: what came before it and what came after."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_runtime.blue_first import bgr_of
from edge_runtime.capture.picture_file import load_opencv

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.verdict import Verdict

INDEX = "clip.json"


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture of a clip.

    pixels: h×w×3 uint8 RGB, reduced. verdict: what was said of it.
    """

    pixels: npt.NDArray[np.uint8]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures of one point in the order they came, a defect among them.

    point: the inspection point.
    """

    point: str
    moments: tuple[Moment, ...]

    def packed(self, quality: int) -> bytes:
        """A zip file: `clip.json` and a JPEG per picture, `000.jpg` first.

        Raises:
            OSError: OpenCV cannot encode a picture.
        """
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_member(INDEX), json.dumps(self._index(), indent=1))
            for number, moment in enumerate(self.moments):
                archive.writestr(_member(f"{number:03d}.jpg"), jpeg(moment.pixels, quality))
        return content.getvalue()

    def _index(self) -> dict[str, Any]:
        pictures = [
            {
                "file": f"{number:03d}.jpg",
                "part": moment.verdict.part,
                "outcome": moment.verdict.outcome.value,
                "cause": moment.verdict.cause.value,
                "score": moment.verdict.score,
                "captured_at_ns": moment.verdict.captured_at_ns,
            }
            for number, moment in enumerate(self.moments)
        ]
        return {"point": self.point, "pictures": pictures}


def _member(name: str) -> zipfile.ZipInfo:
    """Without a time, so that equal clips are equal files."""
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def jpeg(pixels: npt.NDArray[np.uint8], quality: int) -> bytes:
    """Encode H×W×3 uint8 RGB.

    Raises:
        OSError: OpenCV cannot.
    """
    cv2 = load_opencv()
    written, content = cv2.imencode(".jpg", bgr_of(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not written:
        raise OSError("wanted a JPEG of the picture, found that OpenCV cannot encode it")
    return bytes(content)
