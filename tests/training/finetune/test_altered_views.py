"""Views by a recipe: those of the preview, with the answers that belong to them."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.augmentation import Recipe, View, augment_picture
from training.augmentation.augment import draws
from training.augmentation.recipe import Blur, CutPaste, Geometry, Light, Noise
from training.finetune.altered_views import Alteration
from training.finetune.course import Course
from training.finetune.lesson import Lesson
from training.finetune.views import batch_of, places_of

ALL = Recipe(
    geometry=Geometry(rotate_deg=20, shift=0.1, flip="both"),
    light=Light(brightness=0.2, colour=0.1, slope=0.2),
    blur=Blur(focus_px=1),
    noise=Noise(sensor=4, jpeg_quality=60),
)
MADE = Recipe(cut_paste=CutPaste(chance=1.0, area_min=0.02, area_max=0.05, label="dent"))


def course(recipe, labels=("good", "dent"), batch=6):
    return Course(batch=batch, seed=5, altered=Alteration(recipe, labels))


def pictures(count, channels=3):
    """Dark on the left and bright on the right, so that a patch can be seen wherever it comes from."""
    plain = np.linspace(10, 240, 32).astype(np.uint8)[None, None, :, None]
    return np.broadcast_to(plain, (count, 24, 32, channels)).copy()


def test_the_view_of_a_round_is_the_copy_of_that_number():
    lesson = Lesson(np.random.default_rng(0).integers(0, 256, (4, 24, 32, 3), np.uint8), np.array([0, 1, 0, 1]))
    for step in (0, 3):
        altered = course(ALL)
        seen = batch_of(lesson, altered, step)
        for turn, place in enumerate(places_of(4, altered, step)):
            random = draws(5, int(place), (6 * step + turn) // 4)
            copy = augment_picture(View(lesson.pictures[place], "good"), ALL, random)
            assert np.array_equal(seen.pictures[turn], copy.pixels)
            assert seen.wanted[turn] == lesson.wanted[place]


def test_a_made_defect_is_of_its_class():
    lesson = Lesson(pictures(4), np.array([0, 0, 1, 1]))
    seen = batch_of(lesson, course(MADE), 0)
    assert seen.wanted.dtype == lesson.wanted.dtype
    assert set(seen.wanted.tolist()) == {1}
    changed = [not np.array_equal(one, lesson.pictures[0]) for one in seen.pictures]
    assert changed == [place < 2 for place in places_of(4, course(MADE), 0)], "what is no good part stays as it is"


def test_a_made_defect_has_its_place_in_the_mask():
    lesson = Lesson(pictures(1), np.zeros((1, 24, 32), np.uint8))
    seen = batch_of(lesson, course(MADE, ("good", "hole", "dent"), batch=4), 0)
    for picture, mask in zip(seen.pictures, seen.wanted, strict=True):
        assert set(np.unique(mask)) == {0, 2}
        changed = np.abs(picture.astype(int) - lesson.pictures[0]).max(axis=2)
        assert (changed[mask == 2] >= 12).all()
        assert np.median(changed[mask == 0]) == 0


def test_a_made_defect_has_its_box():
    lesson = Lesson(pictures(1), np.full((1, 2, 5), -1, np.float32))
    seen = batch_of(lesson, course(MADE, ("dent", "hole"), batch=4), 0)
    for picture, (box, none) in zip(seen.pictures, seen.wanted, strict=True):
        rows, columns = np.nonzero(np.abs(picture.astype(int) - lesson.pictures[0]).max(axis=2) >= 12)
        assert box[0] == 0
        assert (none == -1).all()
        assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == pytest.approx(box[1:], abs=1.0)


def test_masks_and_boxes_keep_their_classes_and_stay_on_their_defects():
    lesson_pictures = np.full((1, 40, 40, 3), 30, np.uint8)
    lesson_pictures[0, 12:22, 14:30] = 250
    mask = np.where(lesson_pictures[..., 0] > 100, np.uint8(2), np.uint8(0))
    boxes = np.array([[[1, 14, 12, 30, 22], [-1, 0, 0, 0, 0]]], np.float32)
    turned = Recipe(geometry=Geometry(rotate_deg=25, shift=0.1, flip="horizontal"))
    by_mask = batch_of(Lesson(lesson_pictures, mask), course(turned, ("good", "hole", "dent"), batch=8), 0)
    by_box = batch_of(Lesson(lesson_pictures, boxes), course(turned, ("hole", "dent"), batch=8), 0)
    for picture, places, (box, none) in zip(by_mask.pictures, by_mask.wanted, by_box.wanted, strict=True):
        assert np.mean((picture[..., 0] > 140) == (places == 2)) > 0.97
        rows, columns = np.nonzero(places)
        assert (box[0], none[0]) == (1, -1)
        assert box[1] - 1 <= columns.min() <= columns.max() <= box[3] + 1
        assert box[2] - 1 <= rows.min() <= rows.max() <= box[4] + 1


def test_a_grey_picture_stays_grey():
    seen = batch_of(Lesson(pictures(2, channels=1), np.array([0, 1])), course(ALL), 0)
    assert seen.pictures.shape == (6, 24, 32, 1)
    assert not np.array_equal(seen.pictures[0], seen.pictures[1])


def test_a_made_defect_of_a_class_that_nobody_learns_is_refused():
    with pytest.raises(BadInputError, match=r"a class that is learned \(good, hole\), found cut_paste\.label = 'dent'"):
        Alteration(MADE, ("good", "hole"))
