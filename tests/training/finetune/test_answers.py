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
    mixed = Sample(Path("m.png"), "dent", boxes=(Box(0, 0, 9, 9, "good"), Box(1, 1, 20, 20)))
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


def _marked(save, *spots: tuple[slice, slice]) -> np.ndarray:
    """Where a network of 64×32 px is taught a defect that is drawn so on a picture of 640×320 px."""
    drawn = np.zeros((320, 640), np.uint8)
    for spot in spots:
        drawn[spot] = 255
    sample = Sample(Path("p.png"), "pore", masks=(save("mask.png", drawn),))
    return np.asarray(answer_of("masks", sample, ("good", "pore"), (320, 640), SPEC))


def test_a_pore_that_covers_no_place_enough_marks_the_one_it_covers_best(save) -> None:
    mask = _marked(save, np.s_[104:107, 203:206])
    assert np.argwhere(mask).tolist() == [[10, 20]]


def test_a_scratch_thinner_than_any_place_is_marked_from_end_to_end(save) -> None:
    mask = _marked(save, np.s_[104:105, 200:400])
    assert np.argwhere(mask).tolist() == [[10, place] for place in range(20, 40)]


def test_a_pore_beside_a_dent_is_marked_too_and_the_dent_grows_by_nothing(save) -> None:
    dent = np.s_[50:101, 50:101]  # a pixel beyond its places: a tenth of the next ones
    alone, both = _marked(save, dent), _marked(save, dent, np.s_[204:206, 503:505])
    assert np.argwhere(alone).tolist() == [[row, column] for row in range(5, 10) for column in range(5, 10)]
    assert np.argwhere(both != alone).tolist() == [[20, 50]]


def test_a_mask_that_marks_nothing_is_refused(save) -> None:
    with pytest.raises(BadInputError, match=r"shows the defect of p\.png, found .*mask\.png black"):
        _marked(save)


def test_a_box_that_cannot_be_seen_is_refused_with_the_input_that_it_needs() -> None:
    tiny = Sample(Path("t.png"), "pore", boxes=(Box(300, 200, 5, 8),))
    with pytest.raises(BadInputError, match=r"of 5×8 px on t\.png, .* 0\.5×0\.8 px there; take an input of 80×48 px"):
        answer_of("boxes", tiny, ("pore",), (320, 640), SPEC)


def test_a_defect_that_nobody_drew_is_refused() -> None:
    bare = Sample(Path("bare.png"), "dent")
    with pytest.raises(BadInputError, match=r"wanted a mask .* found none for 1 of 2, such as bare.png"):
        require_drawn("masks", [GOOD, bare])
    with pytest.raises(BadInputError, match=r"wanted a box .* bare.png"):
        require_drawn("boxes", [DENT, bare])
    require_drawn("classes", [bare])
