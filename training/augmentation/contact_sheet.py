"""Samples and their altered copies side by side, as one picture that a person can look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.augmentation.augment import augment_picture, augment_sound, draws
from training.augmentation.view import at_size, view_of
from training.dataset.listing import medium_of
from training.dataset.sounds import read_waveform
from training.dataset.spectrogram import spectrogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from training.augmentation.recipe import Recipe
    from training.augmentation.view import View
    from training.dataset import Sample

    Pixels = npt.NDArray[np.uint8]

CELL_PX = 192
GAP_PX = 6
PAPER = 252
BOX_COLOUR = (230, 60, 20)
FIRST_GAP_PX = 18
"""Between the samples themselves, on the left, and their copies."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sheet shows of each sample.

    recipe: what may change.
    copies: how many, one or more.
    seed: of the draws; the same gives the same bytes.
    input_size: height and width of the model's input that pictures are brought to first; None to leave them as they
        are.
    """

    recipe: Recipe
    copies: int
    seed: int
    input_size: tuple[int, int] | None = None


def contact_sheet(samples: Sequence[Sample], shown: Shown) -> Pixels:
    """H×W×3 uint8 RGB: a row per sample, itself first, then its copies with their boxes.

    Args:
        samples: one or more, of one medium.
        shown: the copies.

    Raises:
        BadInputError: a sample cannot be read, or a size for recordings.
    """
    if shown.input_size is not None and medium_of(samples[0].path) == "sound":
        raise BadInputError("wanted pictures for --input-size, found recordings; leave it out")
    rows = [list(_row(sample, place, shown)) for place, sample in enumerate(samples)]
    return np.concatenate([_line(row) for row in rows])


def write_sheet(path: Path, sheet: Pixels) -> None:
    """Write a sheet as PNG.

    Raises:
        OSError: the disk said no.
    """
    _, content = cv2.imencode(".png", sheet[..., ::-1])
    write_whole(path, content.tobytes())


def spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """As many samples, of every label in turn, good ones first, evenly over each."""
    labels = [label for _, label in sorted({(not one.is_good, one.label) for one in samples})]
    of = {label: [one for one in samples if one.label == label] for label in labels}
    shares = {label: len(range(place, count, len(labels))) for place, label in enumerate(labels)}
    places = {label: np.unique(np.linspace(0, len(of[label]) - 1, shares[label]).astype(int)) for label in labels}
    return [of[label][place] for label in labels if shares[label] for place in places[label]]


def _row(sample: Sample, place: int, shown: Shown) -> Iterator[Pixels]:
    random = (draws(shown.seed, place, copy) for copy in range(shown.copies))
    if medium_of(sample.path) == "sound":
        waveform = read_waveform(sample.path)
        yield _coloured(spectrogram(waveform))
        yield from (_coloured(spectrogram(augment_sound(waveform, shown.recipe, one))) for one in random)
        return
    view = view_of(sample)
    if shown.input_size is not None:
        view = at_size(view, *shown.input_size)
    yield _with_boxes(view)
    yield from (_with_boxes(augment_picture(view, shown.recipe, one)) for one in random)


def _coloured(small: Pixels) -> Pixels:
    large = cv2.resize(small, (CELL_PX, CELL_PX), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.applyColorMap(large, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def _with_boxes(view: View) -> Pixels:
    """The picture in the middle of a cell that is as high as it, with its boxes."""
    height, width = view.pixels.shape[:2]
    scale = CELL_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = np.array(cv2.resize(view.pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST))
    for box in view.boxes:
        corner = (round(box.x_px * scale), round(box.y_px * scale))
        opposite = (round((box.x_px + box.width_px) * scale), round((box.y_px + box.height_px) * scale))
        cv2.rectangle(shown, corner, opposite, BOX_COLOUR, 1)
    cell = np.full((size[1], CELL_PX, 3), PAPER, np.uint8)
    left = (CELL_PX - size[0]) // 2
    cell[:, left : left + size[0]] = shown
    return cell


def _line(cells: Sequence[Pixels]) -> Pixels:
    parts = []
    for number, cell in enumerate(cells):
        parts += [cell, np.full((len(cell), FIRST_GAP_PX if number == 0 else GAP_PX, 3), PAPER, np.uint8)]
    line = np.concatenate(parts, axis=1)
    return np.concatenate([line, np.full((GAP_PX, line.shape[1], 3), PAPER, np.uint8)])
