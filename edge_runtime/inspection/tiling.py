"""A picture in tiles, and what the model says of the tiles put together again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.station.tiles import TILES_MAX
from edge_runtime.frames import Boxes, Scores
from edge_runtime.heads.class_map import shares
from edge_runtime.heads.head_reader import best_scores
from edge_runtime.heads.suppress import suppressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.station import Tiles

_ONE_THING = 0.5
"""Boxes of one label that share more than this of the smaller are one thing, seen in two tiles."""
_BOXES_MAX = 1001
"""Of each label: one more than a limit can ask for."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows and columns of the judged picture, in its pixels."""

    rows: slice
    columns: slice

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


@dataclass(frozen=True, slots=True)
class TileScores:
    """What the model said of one tile."""

    tile: Tile
    scores: Scores


def tiles_of(settings: Tiles, size_px: tuple[int, int], input_px: tuple[int, int]) -> tuple[Tile, ...]:
    """The tiles of a picture, row by row; together they cover it, and none reaches beyond it.

    Args:
        settings: how many, or how large.
        size_px: height and width of the judged picture.
        input_px: height and width of the model's input.

    Raises:
        BadInputError: so many that no deadline holds.
    """
    counts = (settings.rows, settings.columns)
    spans = []
    for whole, wanted, count in zip(size_px, input_px, counts, strict=True):
        if settings.reduction is None:
            length = whole / (count - (count - 1) * settings.overlap)
            spans.append(_spans(whole, length, count))
        else:
            length = min(wanted * settings.reduction, whole)
            step = length * (1 - settings.overlap)
            spans.append(_spans(whole, length, ceil(round((whole - length) / step, 6)) + 1))
    if len(spans[0]) * len(spans[1]) > TILES_MAX:
        raise BadInputError(
            f"wanted at most {TILES_MAX} tiles, found {len(spans[0]) * len(spans[1])} for a picture of "
            f"{size_px[1]}×{size_px[0]}; raise tiles.reduction"
        )
    return tuple(Tile(rows, columns) for rows in spans[0] for columns in spans[1])


def stitched(parts: Sequence[TileScores], size_px: tuple[int, int], labels: int) -> Scores:
    """What the model says of the whole: the highest score, maps laid side by side, boxes seen twice counted once.

    Where tiles overlap, the more suspicious of two values counts; of two labels the one that is not the background.

    Args:
        parts: at least one.
        size_px: height and width of the judged picture.
        labels: how many labels the model has.
    """
    each = [part.scores for part in parts]
    if len(parts) == 1 and parts[0].tile.size_px == size_px:
        return each[0]
    heat = _laid([(part.tile, part.scores.heat_map) for part in parts], size_px)
    if not all(np.isfinite(scores.values).all() for scores in each):
        return Scores(np.full(1, np.nan, np.float32), None, {})
    if each[0].boxes is not None:
        boxes = _joined(parts, size_px)
        return Scores(best_scores(boxes, labels), heat, {}, boxes=boxes)
    if each[0].class_map is not None:
        class_map = _laid([(part.tile, part.scores.class_map) for part in parts], size_px)
        assert class_map is not None  # noqa: S101 - the model that gave one gave all
        classes = np.asarray(class_map, np.uint8)
        return Scores(shares(classes, labels), heat, {}, class_map=classes)
    return Scores(np.max([scores.values for scores in each], axis=0), heat, {})


def _spans(whole: int, length: float, count: int) -> list[slice]:
    """`count` pieces of one length, spread evenly from edge to edge; rounded up, so that no pixel falls between."""
    size = min(max(ceil(round(length, 6)), 1), whole)
    starts = [round(index * (whole - size) / max(count - 1, 1)) for index in range(count)]
    return [slice(start, start + size) for start in starts]


def _joined(parts: Sequence[TileScores], size_px: tuple[int, int]) -> Boxes:
    found = [_in_whole(part, size_px) for part in parts]
    every = Boxes(
        np.concatenate([boxes.corners for boxes in found]),
        np.concatenate([boxes.labels for boxes in found]),
        np.concatenate([boxes.scores for boxes in found]),
        max((boxes.cut_at for boxes in found if boxes.cut_at is not None), default=None),
    )
    return suppressed(every, _ONE_THING, most=_BOXES_MAX, measure="smaller")


def _in_whole(part: TileScores, size_px: tuple[int, int]) -> Boxes:
    boxes = part.scores.boxes
    assert boxes is not None  # noqa: S101 - the model that gave some gave all
    tile, (height, width) = part.tile, size_px
    size = np.asarray([tile.columns.stop - tile.columns.start, tile.rows.stop - tile.rows.start] * 2, np.float32)
    start = np.asarray([tile.columns.start, tile.rows.start] * 2, np.float32)
    corners = (boxes.corners * size + start) / np.asarray([width, height] * 2, np.float32)
    return Boxes(np.asarray(corners, np.float32), boxes.labels, boxes.scores, boxes.cut_at)


def _laid(
    maps: Sequence[tuple[Tile, npt.NDArray[np.generic] | None]], size_px: tuple[int, int]
) -> npt.NDArray[np.float32] | None:
    """One map over the whole picture, its places as large as those of the tiles; no place of a tile is lost."""
    known = [(tile, np.asarray(one, np.float32)) for tile, one in maps if one is not None]
    if not known:
        return None
    first, shape = known[0][0], known[0][1].shape
    spans = ((first.rows, shape[0]), (first.columns, shape[1]))
    canvas_shape = tuple(
        max(1, round(whole * places / (span.stop - span.start)))
        for whole, (span, places) in zip(size_px, spans, strict=True)
    )
    canvas = np.full(canvas_shape, -np.inf, np.float32)
    for tile, one in known:
        rows, by_rows = _gathered(one, tile.rows, size_px[0], canvas_shape[0])
        columns, by_both = _gathered(by_rows.T, tile.columns, size_px[1], canvas_shape[1])
        np.maximum(canvas[rows, columns], by_both.T, out=canvas[rows, columns])
    # A tile that a mask covers wholly was not looked at.
    return np.where(np.isneginf(canvas), min(float(one.min()) for _, one in known), canvas).astype(np.float32)


def _gathered(
    values: npt.NDArray[np.float32], span: slice, whole_px: int, places: int
) -> tuple[slice, npt.NDArray[np.float32]]:
    """Which of the canvas's rows a tile covers, and for each the largest of the tile's rows that reach into it."""
    rows = slice(span.start * places // whole_px, -(-span.stop * places // whole_px))
    per_pixel = len(values) / (span.stop - span.start)
    edges = np.arange(rows.start, rows.stop + 1) * whole_px / places - span.start
    low = np.clip(np.floor(np.round(edges[:-1] * per_pixel, 6)).astype(int), 0, len(values) - 1)
    high = np.clip(np.ceil(np.round(edges[1:] * per_pixel, 6)).astype(int), low + 1, len(values))
    layers = [values[np.minimum(low + step, high - 1)] for step in range(int((high - low).max()))]
    return rows, np.maximum.reduce(layers)
