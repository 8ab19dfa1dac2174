"""What a person brings home from the line: a film with its true story beside it, and photographs of good parts."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.whole_file import write_whole
from lepton.demo.film import STEP_PX, Film, place_under_camera
from lepton.demo.parts import draw_part, product
from lepton.demo.station import HEIGHT_PX, WIDTH_PX, LaidPart, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from lepton.demo.defects import Defect
    from lepton.demo.film import FilmFrame

JPEG_QUALITY = 95  # of 100, for the film's frames and the photographs alike, as one camera would compress both
PHOTOGRAPH_SEED = 20  # apart from the film's own seeds
SHIFT_PHOTOGRAPHED = (-0.25, 0.75)  # the photographs' moments; the film runs from 0 to 1 and ends in unseen light
TRUTH_COLUMNS = ("part", "first_frame", "last_frame", "centred_frame", "defect")


def write_film(film: Film, path: Path, *, progress: Callable[[int, int], None] | None = None) -> list[FilmFrame]:
    """Draw the film into a motion-JPEG file (.avi) and its truth into a table beside it.

    The table has the film's name, ending `.csv`, and one row per part: `part` (from 0), `first_frame`, `last_frame`,
    `centred_frame` (from 0, ends included), `defect` (empty for a good part).

    Args:
        film: What to draw.
        path: Where the film goes; the folder is made.
        progress: Called after each frame with (frames done, frames in all).

    Returns:
        Each part's centred frame, as it was drawn.

    Raises:
        BadInputError: The file's name does not end in .avi, or it cannot be written.
        MissingExtraError: This OpenCV cannot write motion JPEG.
        OSError: The disk refuses the table, with it as its file.
    """
    if path.suffix != ".avi":
        raise BadInputError(f"wanted a file name that ends in .avi; found {path.name}: the film is motion JPEG")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = _writer(path, film.frames_per_second)
    centred: list[FilmFrame] = []
    try:
        for number, frame in enumerate(film, start=1):
            writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
            if frame.is_centred:
                centred.append(frame)
            if progress is not None:
                progress(number, len(film))
    finally:
        writer.release()
    _write_truth(film, path.with_suffix(".csv"))
    return centred


def write_photographs(
    folder: Path,
    count: int,
    *,
    seed: int = 7,
    kind: str = "bracket",
    defect: Defect | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Photograph parts one by one, centred under the station's camera, at moments spread over a shift.

    The station is that of `Film(seed, kind)`, the parts are others.

    Args:
        folder: Where the pictures go, as `part-0001.jpg` and so on; it is made.
        count: How many.
        seed: That of the film.
        kind: The product.
        defect: What is wrong with every one of them; None for good parts.
        progress: Called after each photograph with (done, in all).

    Raises:
        BadInputError: There is no such product or defect.
        OSError: The disk refuses, with the picture as its file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    station = Station.built(seed, product(kind).belt)
    paths: list[Path] = []
    for number in range(count):
        rng = np.random.default_rng((seed, PHOTOGRAPH_SEED, number))
        path = folder / f"part-{number + 1:04d}.jpg"
        write_jpeg(path, _photograph(station, kind, defect, rng, number / max(1, count - 1)))
        paths.append(path)
        if progress is not None:
            progress(number + 1, count)
    return paths


def write_stills(centred: Iterable[FilmFrame], folder: Path) -> None:
    """Write each part as the camera saw it in the middle, in a folder per class, as `lepton evaluate` reads it.

    Raises:
        OSError: The disk refuses, with the picture as its file.
    """
    for frame in centred:
        place = folder / (frame.defect or "good") / f"part-{frame.part_index:04d}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_jpeg(place, frame.image)


def write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write an H×W×3 uint8 RGB picture, whole or not at all.

    Raises:
        BadInputError: This OpenCV cannot make JPEG.
        OSError: The disk refuses, with the picture as its file.
    """
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not done:
        raise BadInputError(f"wanted a JPEG of {path.name}; OpenCV could not make one: install lepton-edge[camera]")
    write_whole(path, data.tobytes())


def _photograph(
    station: Station, kind: str, defect: Defect | None, rng: np.random.Generator, share: float
) -> NDArray[np.uint8]:
    begin, end = SHIFT_PHOTOGRAPHED
    middle_px, run_px = place_under_camera(rng), int(rng.integers(0, 100)) * STEP_PX
    part = LaidPart.of(draw_part(kind, rng, defect))
    return station.picture(run_px, station.daylight.at(begin + (end - begin) * share), rng, part, middle_px)


def _writer(path: Path, frames_per_second: float) -> cv2.VideoWriter:
    code, size = cv2.VideoWriter.fourcc(*"MJPG"), (WIDTH_PX, HEIGHT_PX)
    quality = [cv2.VIDEOWRITER_PROP_QUALITY, JPEG_QUALITY]
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, code, frames_per_second, size, quality)
    if not writer.isOpened():
        if cv2.CAP_OPENCV_MJPEG not in cv2.videoio_registry.getWriterBackends():
            raise MissingExtraError(
                "wanted OpenCV's own motion-JPEG writer; this build has none: install lepton-edge[camera]"
            )
        raise BadInputError(f"wanted to write {path}; it cannot be opened: choose a folder that may be written")
    return writer


def _write_truth(film: Film, path: Path) -> None:
    table = StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(TRUTH_COLUMNS)
    for part in film.truth:
        rows.writerow((part.part_index, part.first_frame, part.last_frame, part.centred_frame, part.defect or ""))
    write_whole(path, table.getvalue())
