"""What one model sees of a picture: its region, without what is masked, in tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.heads.class_map import shares
from edge_runtime.heads.head_reader import best_scores
from edge_runtime.inspection.masking import Masking, neutralised, reduced, share_judged
from edge_runtime.inspection.region import cut
from edge_runtime.inspection.tiling import Tile, tiles_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point, Tiles
    from edge_runtime.frames import Scores

_MOSTLY = 0.5
"""A box of which less than this counts lies in what is masked."""


@dataclass(frozen=True, slots=True)
class View:
    """One picture as one model sees it.

    pixels: H×W×3 uint8 RGB of the region, grey where it is masked.
    judged: bool H×W; None when nothing is masked.
    tiles: those that hold something that counts; none where the picture is judged in one piece.
    """

    pixels: npt.NDArray[np.uint8]
    judged: npt.NDArray[np.bool_] | None
    tiles: tuple[Tile, ...]

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def of(self, tile: Tile) -> npt.NDArray[np.uint8]:
        """The tile's pixels, as a view."""
        return self.pixels[tile.rows, tile.columns]


class Sight:
    """Prepares pictures for one model, and takes out of its answer what does not count.

    Args:
        point: region, mask and tiles.
        manifest: of the model, for the size of its input and its labels.

    Raises:
        MaskRefused: the mask cannot be read.
    """

    def __init__(self, point: Point, manifest: Manifest) -> None:
        self._region = point.region
        self._masking = Masking(point.mask) if point.mask else None
        self._tiles = point.tiles
        spec = manifest.input
        self._input_px = (spec.height_px, spec.width_px) if spec.kind == "image" else (1, 1)
        self._labels = len(manifest.labels)

    def view(self, pixels: npt.NDArray[np.uint8]) -> View:
        """What the model sees of a whole picture, H×W×3 uint8 RGB.

        Raises:
            BadInputError: the mask does not fit the picture, or there would be too many tiles.
        """
        seen, judged = cut(pixels, self._region), None
        if self._masking is not None:
            judged = self._masking.within(self._region, pixels.shape[0], pixels.shape[1])
            seen = neutralised(seen, judged)
        tiles = self._tiled(self._tiles, seen.shape[:2], judged) if self._tiles is not None else ()
        return View(seen, judged, tiles)

    def without_masked(self, scores: Scores, view: View) -> Scores:
        """The answer on the whole region without what lies where nothing counts."""
        if view.judged is None:
            return scores
        if scores.boxes is not None:
            kept = scores.boxes.where(share_judged(view.judged, scores.boxes.corners) >= _MOSTLY)
            scores = replace(scores, boxes=kept, values=_still(scores, best_scores(kept, self._labels)))
        if scores.heat_map is not None and scores.heat_map.size:
            judged = reduced(view.judged, scores.heat_map.shape)
            heat = np.where(judged, scores.heat_map, scores.heat_map.min()).astype(np.float32)
            scores = replace(scores, heat_map=heat, judged=judged)
        if scores.class_map is not None:
            judged = reduced(view.judged, scores.class_map.shape)
            classes = np.where(judged, scores.class_map, 0).astype(np.uint8)
            values = _still(scores, shares(classes, self._labels, judged))
            scores = replace(scores, class_map=classes, judged=judged, values=values)
        return scores

    def _tiled(
        self, settings: Tiles, size_px: tuple[int, int], judged: npt.NDArray[np.bool_] | None
    ) -> tuple[Tile, ...]:
        tiles = tiles_of(settings, size_px, self._input_px)
        return tuple(one for one in tiles if judged is None or judged[one.rows, one.columns].any())


def _still(scores: Scores, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What was no number does not become one by a mask."""
    return values if np.isfinite(scores.values).all() else scores.values
