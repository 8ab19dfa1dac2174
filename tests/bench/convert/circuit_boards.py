"""Patches of DeepPCB's photographs: six kinds of defects, none, their boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.capture.picture_file import read_picture
from tests.bench.convert.pictures import photographs

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from tests.bench.convert.pictures import Side

KINDS = 7
"""0 no defect, 1 open, 2 short, 3 mousebite, 4 spur, 5 copper, 6 pin-hole (DeepPCB's own numbers)."""


@dataclass(frozen=True, slots=True)
class Patches:
    """pixels: N×S×S×3 uint8. kind: N, of the defect in the middle. mask: N×S×S uint8, 1 where a box of a defect is."""

    pixels: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.int64]
    mask: npt.NDArray[np.uint8]


def patches(data: Path, side: Side, count: int, size_px: int, seed: int) -> Patches:
    """Square patches at full resolution, each around a defect, or (one in seven) around none.

    Args:
        data: the folder of real data.
        side: which photographs to cut from.
        count: how many.
        size_px: their side.
        seed: of choice, shift and brightness.
    """
    rng = np.random.default_rng(seed)
    files = photographs(data, "boards", side)
    loaded = [(read_picture(path), _boxes(path)) for path in files]
    pixels, kind = np.empty((count, size_px, size_px, 3), np.uint8), np.empty(count, np.int64)
    mask = np.zeros((count, size_px, size_px), np.uint8)
    for place in range(count):
        picture, boxes = loaded[int(rng.integers(len(loaded)))]
        kind[place], top, left = _place(picture, boxes, place % KINDS, size_px, rng)
        marked = np.zeros(picture.shape[:2], np.uint8)
        for x1, y1, x2, y2, _ in boxes:
            marked[y1:y2, x1:x2] = 1
        window = np.s_[top : top + size_px, left : left + size_px]
        bright = rng.uniform(0.7, 1.0) * picture[window] + rng.uniform(0, 40) + rng.normal(0, 6, (size_px, size_px, 1))
        pixels[place], mask[place] = np.clip(bright, 0, 255).astype(np.uint8), marked[window]
    return Patches(pixels, kind, mask)


def _place(
    picture: npt.NDArray[np.uint8],
    boxes: npt.NDArray[np.int64],
    wanted: int,
    size_px: int,
    rng: np.random.Generator,
) -> tuple[int, int, int]:
    """Kind, top and left of a patch: around a defect of the wanted kind if the picture has one, else around another."""
    most = picture.shape[0] - size_px
    if wanted == 0:
        for _ in range(50):
            top, left = (int(value) for value in rng.integers(most + 1, size=2))
            inside = (boxes[:, 0] < left + size_px) & (boxes[:, 2] > left)
            if not (inside & (boxes[:, 1] < top + size_px) & (boxes[:, 3] > top)).any():
                return 0, top, left
    of_kind = boxes[boxes[:, 4] == wanted]
    chosen = of_kind if len(of_kind) else boxes
    x1, y1, x2, y2, kind = chosen[int(rng.integers(len(chosen)))]
    shift = rng.integers(-size_px // 6, size_px // 6 + 1, size=2)
    top = int(np.clip((y1 + y2) // 2 - size_px // 2 + shift[0], 0, most))
    left = int(np.clip((x1 + x2) // 2 - size_px // 2 + shift[1], 0, most))
    return int(kind), top, left


def _boxes(path: Path) -> npt.NDArray[np.int64]:
    """Rows x1, y1, x2, y2, kind."""
    rows = path.with_name(path.name.replace("_test.jpg", ".txt")).read_text("utf-8").split("\n")
    return np.asarray([[int(value) for value in row.replace(",", " ").split()] for row in rows if row.strip()])
