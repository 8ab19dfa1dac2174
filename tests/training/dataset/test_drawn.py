"""What was drawn on a whole picture fits what a detector sees of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_contracts.alert import EvidenceKind
from edge_contracts.errors import BadInputError
from edge_contracts.recorded_frame import RecordedFrame, with_note
from edge_contracts.station import Region
from training.augmentation.view import view_of
from training.dataset import Box, Photographs, Sample
from training.dataset.drawn import defect_boxes, defect_mask

DENT = Box(40, 30, 20, 10, "dent")


@pytest.fixture
def kept(tmp_path, save):
    """A picture of 100×80 px that a station kept, whose model saw its lower right quarter; and its mask."""
    pixels = np.full((80, 100, 3), 90, np.uint8)
    frame = RecordedFrame(EvidenceKind.IMAGE, "", Region(x=0.5, y=0.5, width=0.5, height=0.5))
    path = tmp_path / "kept.jpg"
    path.write_bytes(with_note(cv2.imencode(".jpg", pixels)[1].tobytes(), frame))
    mask = np.zeros((80, 100), np.uint8)
    mask[30:50, 40:60] = 255
    return Sample(path, "dent", masks=(save("mask.png", mask),))


def with_boxes(sample, *boxes):
    return Sample(sample.path, sample.label, boxes=boxes, masks=sample.masks)


def test_boxes_move_with_the_cut(kept):
    drawn = with_boxes(kept, Box(40, 30, 20, 20), Box(0, 0, 30, 30, "hole"), Box(60, 50, 5, 5, "good"))
    assert Photographs([kept])[0].shape == (40, 50, 3)
    assert defect_boxes(drawn) == (Box(0, 0, 10, 10, "dent"),)
    assert view_of(drawn).boxes == (Box(0, 0, 10, 10, "dent"),)


def test_masks_are_cut_as_the_picture_is(kept):
    mask = defect_mask(kept)
    assert mask.shape == (40, 50)
    assert np.argwhere(mask).max(axis=0).tolist() == [9, 9]
    assert view_of(kept).mask.shape == (40, 50)


def test_a_mask_that_cannot_be_read_is_named_with_its_folder(kept):
    kept.masks[0].write_text("a note")
    with pytest.raises(BadInputError, match=f"wanted a mask in {kept.masks[0]}, found that it cannot be read: "):
        defect_mask(kept)


def test_other_pictures_stay_as_they_are(save):
    sample = Sample(save("1.png", np.full((80, 100, 3), 90, np.uint8)), "dent", boxes=(DENT,))
    assert defect_boxes(sample) == (DENT,)
    assert defect_mask(sample) is None
