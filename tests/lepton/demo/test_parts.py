from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, get_args

import cv2
import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from lepton.demo.defects import DEFECTS, Defect
from lepton.demo.parts import PRODUCTS, PartKind, draw_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVERY_FAULT = [(kind, defect) for kind in PRODUCTS for defect in DEFECTS]


def part(kind: str, seed: int, defect: Defect | None = None, severity: float | None = None) -> NDArray[np.uint8]:
    return draw_part(kind, np.random.default_rng(seed), defect, severity=severity)


@cache
def good(kind: str, seed: int) -> NDArray[np.uint8]:
    drawn = part(kind, seed)
    drawn.setflags(write=False)
    return drawn


def changed(kind: str, seed: int, defect: Defect, severity: float | None = None) -> NDArray[np.bool_]:
    difference = cv2.absdiff(part(kind, seed, defect, severity), good(kind, seed))
    return difference.max(axis=2) > 12


def test_every_product_has_a_name_that_a_type_checker_knows() -> None:
    assert set(PRODUCTS) == set(get_args(PartKind))


@pytest.mark.parametrize("kind", PRODUCTS)
def test_one_seed_draws_the_same_part_and_another_a_different_one(kind: str) -> None:
    assert np.array_equal(part(kind, 1, "dent"), part(kind, 1, "dent"))
    assert not np.array_equal(part(kind, 1), part(kind, 2))


@pytest.mark.parametrize("kind", PRODUCTS)
def test_a_part_lies_whole_on_its_drawing(kind: str) -> None:
    cover = part(kind, 3)[..., 3]
    assert cover.max() == 255
    assert max(cover[0].max(), cover[-1].max(), cover[:, 0].max(), cover[:, -1].max()) == 0
    assert 0.35 < np.count_nonzero(cover) / cover.size < 0.85


@pytest.mark.parametrize(("kind", "defect"), EVERY_FAULT)
def test_a_defect_changes_the_part_where_it_is_and_nowhere_else(kind: str, defect: Defect) -> None:
    for seed in range(3):
        where = changed(kind, seed, defect)
        assert 20 < np.count_nonzero(where) < 0.06 * where.size
        left, top, wide, tall = cv2.boundingRect(where.astype(np.uint8))
        assert max(wide, tall) < 200, (left, top)


@pytest.mark.parametrize("defect", ["scratch", "dent", "contamination"])
@pytest.mark.parametrize("kind", PRODUCTS)
def test_a_severer_defect_changes_more(kind: str, defect: Defect) -> None:
    mild, severe = (sum(np.count_nonzero(changed(kind, seed, defect, how)) for seed in range(4)) for how in (0.15, 1))
    assert severe > 1.5 * mild


def test_a_missing_hole_closes_and_a_wrong_one_opens() -> None:
    whole, missing, wrong = (
        np.count_nonzero(part("bracket", 5, how)[..., 3] < 9) for how in (None, "missing", "wrong")
    )
    assert missing < whole - 700
    assert wrong > whole + 700


def test_the_hard_ones_are_the_few() -> None:
    sizes = [np.count_nonzero(changed("bracket", seed, "scratch")) for seed in range(20)]
    assert sum(size < 150 for size in sizes) <= 6


def test_an_unknown_product_or_defect_is_answered_with_the_list() -> None:
    with pytest.raises(BadInputError, match=r"bracket, cap, badge; found 'gear'"):
        part("gear", 1)
    with pytest.raises(BadInputError, match=r"scratch, dent, missing, wrong, contamination; found 'rust'"):
        part("cap", 1, "rust")  # type: ignore[arg-type]
