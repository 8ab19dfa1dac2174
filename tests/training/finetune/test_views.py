from dataclasses import replace

import numpy as np
import pytest

from training.finetune.course import Course
from training.finetune.lesson import Lesson
from training.finetune.views import batch_of, places_of

STILL = Course(batch=4, turn_degrees=0, zoom=0, shift=0, light=0)


def lesson(count=10):
    pictures = np.random.default_rng(0).integers(0, 256, (count, 16, 24, 3), np.uint8)
    return Lesson(pictures, np.arange(count))


def test_every_picture_is_seen_once_per_round_and_rounds_differ_in_order():
    places = np.concatenate([places_of(10, STILL, step) for step in range(5)])
    assert sorted(places[:10]) == sorted(places[10:]) == list(range(10))
    assert list(places[:10]) != list(places[10:])


def test_a_batch_depends_on_seed_and_step_alone():
    course = Course(batch=4, noise_bytes=5.0, mirror=True)
    later = batch_of(lesson(), course, 7)
    batch_of(lesson(), course, 3)
    again = batch_of(lesson(), course, 7)
    assert np.array_equal(later.pictures, again.pictures)
    assert not np.array_equal(later.pictures, batch_of(lesson(), Course(batch=4, seed=1), 7).pictures)


def test_a_course_that_moves_nothing_shows_the_pictures_as_they_are():
    seen = batch_of(lesson(), STILL, 0)
    assert np.array_equal(seen.pictures, lesson().pictures[seen.wanted])


def test_a_mask_moves_with_its_picture():
    pictures = np.zeros((1, 32, 32, 3), np.uint8)
    pictures[0, 8:20, 4:16] = 200
    seen = batch_of(Lesson(pictures, (pictures[..., 0] > 0).astype(np.uint8)), Course(batch=8, mirror=True), 0)
    assert np.mean((seen.pictures[..., 0] > 100) == (seen.wanted > 0)) > 0.98


def test_a_box_stays_around_what_it_was_drawn_around():
    pictures = np.zeros((1, 40, 40, 3), np.uint8)
    pictures[0, 10:20, 14:30] = 255
    boxes = np.array([[[2, 14, 10, 30, 20], [-1, 0, 0, 0, 0]]], np.float32)
    seen = batch_of(Lesson(pictures, boxes), Course(batch=8, mirror=True, light=0), 0)
    for picture, ((label, x1, y1, x2, y2), none) in zip(seen.pictures, seen.wanted, strict=True):
        rows, columns = np.nonzero(picture[..., 0] > 128)
        assert label == 2
        assert none[0] == -1
        assert [x1, y1, x2, y2] == pytest.approx(
            [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], abs=1.6
        )


def test_a_mirrored_box_has_the_edges_of_what_it_was_drawn_around():
    pictures = np.zeros((1, 40, 40, 3), np.uint8)
    pictures[0, 10:20, 14:30] = 255
    boxes = np.array([[[2, 14, 10, 30, 20]]], np.float32)
    seen = batch_of(Lesson(pictures, boxes), replace(STILL, mirror=True), 0)
    found = {tuple(box[1:].tolist()) for (box,) in seen.wanted}
    assert found == {(14, 10, 30, 20), (10, 10, 26, 20)}


def test_a_box_that_left_the_picture_is_none():
    boxes = np.array([[[1, 0, 0, 4, 4]]], np.float32)
    course = Course(batch=64, shift=0.5, turn_degrees=0, zoom=0)
    labels = batch_of(Lesson(np.zeros((1, 32, 32, 3), np.uint8), boxes), course, 0).wanted[:, 0, 0]
    assert set(labels) == {-1.0, 1.0}


def test_a_small_box_within_the_picture_stays_in_every_view():
    boxes = np.array([[[1, 40, 40, 41.5, 42]]], np.float32)
    seen = batch_of(Lesson(np.zeros((1, 96, 96, 3), np.uint8), boxes), Course(batch=64), 0)
    assert set(seen.wanted[:, 0, 0]) == {1.0}


def test_of_a_small_box_at_the_edge_less_than_half_is_none():
    boxes = np.array([[[1, 30, 10, 31.5, 12]]], np.float32)
    course = Course(batch=64, shift=0.05, turn_degrees=0, zoom=0)
    seen = batch_of(Lesson(np.zeros((1, 32, 32, 3), np.uint8), boxes), course, 0).wanted[:, 0]
    assert set(seen[:, 0]) == {-1.0, 1.0}
    assert (seen[:, 3] - seen[:, 1])[seen[:, 0] == 1].min() >= 0.75
