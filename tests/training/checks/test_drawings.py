"""What was drawn on another picture, or against the label, is told by the check and refused by training."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.checks import check_dataset
from training.dataset import read_dataset
from training.learning import learn_dataset

MARKED = np.zeros((60, 80), np.uint8)
MARKED[20:30, 20:30] = 255


@pytest.fixture
def drawn(save, draw_part, tmp_path):
    """`drawn("dent,mask.png,")` gives a manifest of twelve good parts and one with these cells: label, mask, boxes."""

    def write(cells):
        rows = []
        for place in range(13):
            save(f"{place}.png", draw_part(place, height=60, width=80))
            rows.append(f"{place}.png,{'good,,' if place < 12 else cells}")
        save("mask.png", MARKED)
        save("black.png", MARKED * 0)
        save("small.png", MARKED[:30, :40])
        (tmp_path / "broken.png").write_text("no picture")
        (tmp_path / "parts.csv").write_text("\n".join(["path,label,mask,boxes", *rows]))
        return read_dataset(tmp_path / "parts.csv")

    return write


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("dent,small.png,", r"a mask of 80×60 px for .*12\.png, found .*small\.png of 40×30; draw it on this picture"),
        ("dent,black.png,", r"12\.png marked in its mask, found .*black\.png black"),
        ("dent,mask.png;broken.png,", r"a mask in .*broken\.png, found that it cannot be read"),
        ("dent,,900 900 5 5 dent", r"inside the picture of 80×60 px, found one at 900 900 .*12\.png"),
        ("good,mask.png,", r"black masks for .*12\.png, labelled 'good', found a defect marked in .*mask\.png"),
    ],
)
def test_a_drawing_that_does_not_fit_is_told_and_not_learned(cells, found, drawn, tmp_path):
    samples = drawn(cells)
    (finding,) = [one for one in check_dataset(samples).findings if one.check == "drawing"]
    assert finding.must_mend
    assert [one.sample.path.name for (one,) in finding.groups] == ["12.png"]
    with pytest.raises(BadInputError, match=f"fit their pictures, found 1 .*{found}"):
        learn_dataset(samples, tmp_path, backbone=None, kind="gauss", seed=0, good_only=False)


@pytest.mark.parametrize("cells", ["dent,mask.png;black.png,75 55 9 9", "good,black.png,"])
def test_a_drawing_that_fits_is_no_finding(cells, drawn):
    assert "drawing" not in {one.check for one in check_dataset(drawn(cells)).findings}
