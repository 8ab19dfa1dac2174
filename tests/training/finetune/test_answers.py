from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Box, Sample
from training.finetune.answers import answer_of, joined, labels_of, require_drawn
from training.networks.network import NetworkSpec

SPEC = NetworkSpec("anchor-free", 2, 32, 64)
GOOD = Sample(Path("g.png"), "good")
DENT = Sample(Path("line/d.png"), "dent", boxes=(Box(10, 20, 30, 40), Box(0, 0, 5, 5, "hole")))


def test_boxes_are_told_in_the_network_s_pixels_and_a_box_without_a_class_has_its_picture_s() -> None:
    labels = labels_of("boxes", [GOOD, DENT])
    assert labels == ("dent", "hole")
    rows = answer_of("boxes", DENT, labels, (100, 200), SPEC)
    assert np.allclose(rows, [[0, 3.2, 6.4, 12.8, 19.2], [1, 0, 0, 1.6, 1.6]])
    both = joined("boxes", [answer_of("boxes", GOOD, labels, (100, 200), SPEC), rows])
    assert both.shape == (2, 2, 5)
    assert both[0, :, 0].tolist() == [-1, -1]


def test_a_box_around_a_good_place_is_no_defect() -> None:
    mixed = Sample(Path("m.png"), "dent", boxes=(Box(0, 0, 9, 9, "good"), Box(1, 1, 2, 2)))
    assert labels_of("boxes", [mixed]) == ("dent",)
    assert len(answer_of("boxes", mixed, ("dent",), (100, 200), SPEC)) == 1
    with pytest.raises(BadInputError, match="wanted a box"):
        require_drawn("boxes", [Sample(Path("m.png"), "dent", boxes=mixed.boxes[:1])])


@pytest.mark.parametrize(
    ("task", "labels"), [("boxes", ("dent",)), ("classes", ("good", "scar")), ("masks", ("good", "scar"))]
)
def test_a_class_that_was_not_learned_is_told(task, labels, save) -> None:
    strange = replace(DENT, masks=(save("mask.png", np.full((8, 8), 255, np.uint8)),))
    with pytest.raises(BadInputError, match=r"on line/d\.png; draw some of it"):
        answer_of(task, strange, labels, (100, 200), SPEC)


def test_a_thin_scratch_stays_on_its_mask(save) -> None:
    drawn = np.zeros((64, 128), np.uint8)
    drawn[20:21] = 255
    scratch = Sample(Path("s.png"), "scratch", masks=(save("mask.png", drawn),))
    labels = labels_of("masks", [GOOD, scratch])
    assert labels == ("good", "scratch")
    mask = answer_of("masks", scratch, labels, (64, 128), SPEC)
    assert mask.shape == (32, 64)
    assert np.unique(np.nonzero(mask)[0]).tolist() == [10]
    assert answer_of("masks", GOOD, labels, (64, 128), SPEC).max() == 0


def test_a_defect_that_nobody_drew_is_refused() -> None:
    bare = Sample(Path("bare.png"), "dent")
    with pytest.raises(BadInputError, match=r"wanted a mask .* found none for 1 of 2, such as bare.png"):
        require_drawn("masks", [GOOD, bare])
    with pytest.raises(BadInputError, match=r"wanted a box .* bare.png"):
        require_drawn("boxes", [DENT, bare])
    require_drawn("classes", [bare])
