from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from lepton.demo.contact_sheet import GAP_PX, PAPER, contact_sheet


def plain(tone: int, height: int = 20) -> np.ndarray:
    return np.full((height, 30, 3), tone, np.uint8)


def test_pictures_stand_row_by_row() -> None:
    sheet = contact_sheet([plain(100), plain(150), plain(200)], columns=2)
    assert sheet.shape == (2 * 20 + 3 * GAP_PX, 2 * 30 + 3 * GAP_PX, 3)
    assert [sheet[GAP_PX, GAP_PX, 0], sheet[GAP_PX, 2 * GAP_PX + 30, 0], sheet[2 * GAP_PX + 20, GAP_PX, 0]] == [
        100,
        150,
        200,
    ]
    assert sheet[-GAP_PX - 1, -GAP_PX - 1, 0] == PAPER


@pytest.mark.parametrize(("images", "columns"), [([], 2), ([plain(1)], 0), ([plain(1), plain(1, height=9)], 2)])
def test_a_sheet_that_cannot_be_laid_is_refused(images: list[np.ndarray], columns: int) -> None:
    with pytest.raises(BadInputError, match="one size and at least one column"):
        contact_sheet(images, columns)
