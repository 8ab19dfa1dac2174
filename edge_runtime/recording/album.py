"""A folder of numbered PNG files that never loses a picture that was in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.blue_first import bgr_of
from edge_runtime.capture.picture_file import load_opencv

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_QUICK = 1
"""PNG's compression level: a sensor's noise does not become smaller by a higher one."""


class Album:
    """Keeps pictures as `point-0001.png` and on, beginning after the highest number that is there.

    Args:
        folder: made when it is not there.
        point: the inspection point, which names the files.
    """

    def __init__(self, folder: Path, point: str) -> None:
        self.folder = folder
        self._point = point
        self._number = 0

    def open(self) -> None:
        """Make the folder and look what it holds.

        Raises:
            BadInputError: it cannot be made, or is no folder.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as error:
            raise BadInputError(
                f"wanted a folder for pictures at {self.folder}, found that it cannot be one ({error.strerror}); "
                "name another"
            ) from error
        pattern = re.compile(rf"{re.escape(self._point)}-(\d{{1,12}})\.png")
        self._number = max((int(match[1]) for name in names if (match := pattern.fullmatch(name))), default=0)

    def keep(self, pixels: npt.NDArray[np.uint8]) -> Path:
        """Write a picture (H×W×3 uint8 RGB) under the next number that is free.

        Raises:
            OSError: the disk refuses, with the picture as its file; then no part of it is left behind.
        """
        cv2 = load_opencv()
        content = cv2.imencode(".png", bgr_of(pixels), [cv2.IMWRITE_PNG_COMPRESSION, _QUICK])[1]
        while True:
            self._number += 1
            path = self.folder / f"{self._point}-{self._number:04}.png"
            try:
                file = path.open("xb")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(content.tobytes())
            except BaseException as error:
                path.unlink(missing_ok=True)
                if isinstance(error, OSError):
                    # A full disk names no file.
                    raise OSError(error.errno, error.strerror, str(path)) from error
                raise
            return path
