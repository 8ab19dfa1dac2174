from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.station import Tiles
from edge_runtime.frames import Scores
from edge_runtime.inspection.tiling import Tile, TileScores, stitched, tiles_of
from tests.fakes.parts import boxes

counted = st.builds(
    lambda columns, rows, overlap: Tiles.model_construct(columns=columns, rows=rows, reduction=None, overlap=overlap),
    st.integers(1, 8),
    st.integers(1, 8),
    st.floats(0, 0.5),
)
reducing = st.builds(
    lambda reduction, overlap: Tiles.model_construct(columns=1, rows=1, reduction=reduction, overlap=overlap),
    st.floats(1, 16),
    st.floats(0, 0.5),
)
sizes = st.tuples(st.integers(40, 700), st.integers(40, 700))


@settings(max_examples=150, deadline=None)
@given(st.one_of(counted, reducing), sizes)
def test_tiles_cover_every_pixel_and_none_reaches_beyond(asked: Tiles, size_px: tuple[int, int]) -> None:
    try:
        tiles = tiles_of(asked, size_px, (160, 160))
    except BadInputError:
        return
    seen = np.zeros(size_px, bool)
    for tile in tiles:
        assert 0 <= tile.rows.start < tile.rows.stop <= size_px[0]
        assert 0 <= tile.columns.start < tile.columns.stop <= size_px[1]
        seen[tile.rows, tile.columns] = True
    assert seen.all()


def test_so_many_across_and_down_as_are_asked_for() -> None:
    tiles = tiles_of(Tiles(columns=3, rows=2, overlap=0.1), (480, 640), (224, 224))
    assert len(tiles) == 6
    assert {tile.rows.stop - tile.rows.start for tile in tiles} == {253}
    assert tiles[0].columns.stop - tiles[1].columns.start == pytest.approx(0.1 * 229, abs=1)


def test_at_full_resolution_a_tile_is_as_large_as_the_models_input() -> None:
    tiles = tiles_of(Tiles(reduction=1.0, overlap=0.2), (480, 640), (224, 224))
    assert len(tiles) == 3 * 4
    assert {tile.rows.stop - tile.rows.start for tile in tiles} == {224}


def test_a_picture_no_larger_than_a_tile_is_one() -> None:
    assert tiles_of(Tiles(reduction=4.0), (480, 640), (224, 224)) == (Tile(slice(0, 480), slice(0, 640)),)


def test_too_many_tiles_are_refused_in_words() -> None:
    with pytest.raises(BadInputError, match=r"wanted at most 64 tiles, found \d+ .*raise tiles.reduction"):
        tiles_of(Tiles(reduction=0.5), (2160, 3840), (224, 224))


LEFT, RIGHT = Tile(slice(0, 100), slice(0, 60)), Tile(slice(0, 100), slice(40, 100))
SIZE = (100, 100)


def told(tile: Tile, *values: float, **more) -> TileScores:
    return TileScores(tile, Scores(np.asarray(values, np.float32), more.pop("heat", None), {}, **more))


def test_the_highest_score_of_any_tile_is_the_parts() -> None:
    whole = stitched([told(LEFT, 0.2), told(RIGHT, 0.7)], SIZE, 0)
    assert whole.values.tolist() == [pytest.approx(0.7)]


def test_a_tile_that_gives_no_number_spoils_the_whole() -> None:
    whole = stitched([told(LEFT, 0.2), told(RIGHT, float("nan"))], SIZE, 0)
    assert np.isnan(whole.values).all()


@settings(max_examples=60, deadline=None)
@given(counted, sizes, st.integers(2, 12), st.integers(2, 12), st.randoms(use_true_random=False))
def test_the_hottest_place_of_any_tile_is_that_of_the_whole_and_lies_where_it_was(
    asked: Tiles, size_px: tuple[int, int], down: int, across: int, random
) -> None:
    tiles = tiles_of(asked, size_px, (8, 8))
    maps = [np.asarray([[random.random() for _ in range(across)] for _ in range(down)], np.float32) for _ in tiles]
    parts = [told(tile, 0.0, heat=one) for tile, one in zip(tiles, maps, strict=True)]
    whole = stitched(parts, size_px, 0).heat_map
    hottest = max(range(len(tiles)), key=lambda index: maps[index].max())
    assert whole.max() == maps[hottest].max()
    assert np.isfinite(whole).all()
    row, column = np.unravel_index(int(maps[hottest].argmax()), maps[hottest].shape)
    tile = tiles[hottest]
    y = tile.rows.start + (row + 0.5) * (tile.rows.stop - tile.rows.start) / down
    x = tile.columns.start + (column + 0.5) * (tile.columns.stop - tile.columns.start) / across
    assert whole[int(y * whole.shape[0] / size_px[0]), int(x * whole.shape[1] / size_px[1])] == whole.max()


def test_boxes_are_told_in_the_whole_picture_and_a_thing_on_the_border_once() -> None:
    scratch = (0, 0.9, (0.7, 0.1, 1.0, 0.2))
    rest = (0, 0.8, (0.0, 0.1, 1 / 3, 0.2))
    other = (1, 0.7, (0.5, 0.5, 1.0, 1.0))
    parts = [told(LEFT, 0.9, 0.0, boxes=boxes(scratch)), told(RIGHT, 0.8, 0.7, boxes=boxes(rest, other))]
    whole = stitched(parts, SIZE, 2)
    np.testing.assert_allclose(whole.boxes.corners, [[0.42, 0.1, 0.6, 0.2], [0.7, 0.5, 1.0, 1.0]], atol=1e-6)
    assert whole.boxes.labels.tolist() == [0, 1]
    np.testing.assert_allclose(whole.values, [0.9, 0.7])


def test_where_tiles_overlap_a_label_stands_before_the_background() -> None:
    left, right = np.zeros((5, 3), np.uint8), np.zeros((5, 3), np.uint8)
    left[:, 2] = 1
    parts = [told(LEFT, 0.0, 0.0, class_map=left), told(RIGHT, 0.0, 0.0, class_map=right)]
    whole = stitched(parts, SIZE, 2)
    assert whole.class_map.tolist() == [[0, 0, 1, 0, 0]] * 5
    np.testing.assert_allclose(whole.values, [0.8, 0.2])
