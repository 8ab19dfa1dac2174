"""Altered copies keep within their recipe, take boxes and masks along, and are the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.augmentation import Recipe, View, augment_picture, augment_sound, view_of
from training.augmentation.augment import draws
from training.augmentation.geometry import moved
from training.augmentation.recipe import Blur, CutPaste, Geometry, Light, Noise, Sound
from training.dataset import Box, Sample
from training.dataset.sounds import Waveform

ALL = Recipe(
    geometry=Geometry(rotate_deg=20, shift=0.1, scale=0.2, shear_deg=8, flip="both"),
    light=Light(brightness=0.2, contrast=0.2, gamma=0.2, colour=0.1, slope=0.2),
    blur=Blur(chance=0.5, focus_px=2, motion_px=5),
    noise=Noise(sensor=8, jpeg_quality=40),
    cut_paste=CutPaste(chance=0.5),
)


def grey(level=120, height=60, width=90):
    return np.full((height, width, 3), level, np.uint8)


def part(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (60, 90, 3), np.uint8)


def test_a_recipe_that_names_nothing_changes_nothing():
    view = View(part(), "good", (Box(1, 2, 3, 4, "dent"),))
    copy = augment_picture(view, Recipe(), draws(0, 0, 0))
    assert copy == view
    np.testing.assert_array_equal(copy.pixels, view.pixels)


def test_the_same_seed_gives_the_same_bytes_in_any_order():
    view = View(part(), "good")
    first = [augment_picture(view, ALL, draws(7, sample, copy)) for sample in range(2) for copy in range(3)]
    again = [augment_picture(view, ALL, draws(7, sample, copy)) for sample in (1, 0) for copy in (2, 1, 0)][::-1]
    assert [one.pixels.tobytes() for one in first] == [one.pixels.tobytes() for one in again]
    assert len({one.pixels.tobytes() for one in first}) == 6
    assert augment_picture(view, ALL, draws(8, 0, 0)).pixels.tobytes() != first[0].pixels.tobytes()


geometries = st.builds(
    Geometry,
    rotate_deg=st.floats(0, 180),
    shift=st.floats(0, 0.3),
    scale=st.floats(0, 0.4),
    shear_deg=st.floats(0, 20),
    flip=st.sampled_from(["none", "horizontal", "vertical", "both"]),
)


@settings(max_examples=60)
@given(geometries, st.integers(0, 70), st.integers(0, 40), st.integers(8, 20), st.integers(8, 20), st.integers(0, 9))
def test_a_box_and_a_mask_go_where_their_defect_goes(geometry, x, y, width, height, seed):
    pixels, mask = grey(40), np.zeros((60, 90), np.uint8)
    pixels[y : y + height, x : x + width] = 250
    mask[y : y + height, x : x + width] = 255
    box = Box(x, y, min(width, 90 - x), min(height, 60 - y), "dent")
    copy = moved(View(pixels, "dent", (box,), mask), geometry, np.random.default_rng(seed))
    (there,) = copy.boxes
    assert there.x_px >= 0 <= there.y_px
    assert there.x_px + there.width_px <= 90
    assert there.y_px + there.height_px <= 60
    around = np.zeros((60, 90), bool)
    around[int(there.y_px) : int(np.ceil(there.y_px + there.height_px)) + 1,
           int(there.x_px) : int(np.ceil(there.x_px + there.width_px)) + 1] = True  # fmt: skip
    assert ((copy.mask > 0) & around).any()
    assert copy.pixels[copy.mask > 0].mean() > 200
    assert copy.pixels[copy.mask == 0].max() < 250, "what the mirrored edge shows of a defect is marked, too"


def test_a_defect_at_the_edge_stays_in_the_picture():
    view = View(part(), "dent", (Box(0, 0, 10, 10, "dent"),))
    for seed in range(50):
        (box,) = moved(view, Geometry(shift=0.5), np.random.default_rng(seed)).boxes
        assert box.width_px * box.height_px >= 75


def test_a_mirrored_part_is_exactly_mirrored():
    view = View(part(), "dent", (Box(10, 20, 30, 5, "dent"),))
    copies = [moved(view, Geometry(flip="horizontal"), np.random.default_rng(seed)) for seed in range(8)]
    mirrored = [one for one in copies if not np.array_equal(one.pixels, view.pixels)]
    assert 0 < len(mirrored) < 8
    np.testing.assert_array_equal(mirrored[0].pixels, view.pixels[:, ::-1])
    assert mirrored[0].boxes[0].x_px == pytest.approx(50)


def test_light_stays_within_its_bounds():
    levels = [
        augment_picture(View(grey(), "good"), Recipe(light=Light(brightness=0.2)), draws(0, 0, copy)).pixels.mean()
        for copy in range(60)
    ]
    assert 120 * 0.8 <= min(levels) < 102
    assert 138 < max(levels) <= 120 * 1.2


def test_a_slope_is_bright_on_one_side_and_dark_on_the_other():
    copy = augment_picture(View(grey(), "good"), Recipe(light=Light(slope=0.4)), draws(0, 0, 1)).pixels
    assert copy.mean() == pytest.approx(120, abs=3)
    assert np.ptp(copy) > 10
    assert np.ptp(copy) <= 0.8 * 120 + 1


def test_colour_moves_channels_apart():
    copy = augment_picture(View(grey(), "good"), Recipe(light=Light(colour=0.3)), draws(0, 0, 0)).pixels
    assert np.ptp(copy.mean(axis=(0, 1))) > 3


def test_blur_takes_detail_and_no_light():
    view = View(part(), "good")
    for blur in (Blur(chance=1, focus_px=3), Blur(chance=1, motion_px=9)):
        copies = [augment_picture(view, Recipe(blur=blur), draws(0, 0, copy)).pixels for copy in range(20)]
        assert min(one.std() for one in copies) < 0.5 * view.pixels.std()
        assert all(one.mean() == pytest.approx(view.pixels.mean(), abs=2) for one in copies)


def test_blur_happens_as_often_as_it_shall():
    view = View(part(), "good")
    recipe = Recipe(blur=Blur(chance=0.25, focus_px=3))
    copies = [augment_picture(view, recipe, draws(0, 0, copy)).pixels for copy in range(200)]
    assert 30 <= sum(not np.array_equal(one, view.pixels) for one in copies) <= 70


def test_noise_is_at_most_what_it_shall_be():
    recipe = Recipe(noise=Noise(sensor=10))
    found = [augment_picture(View(grey(), "good"), recipe, draws(0, 0, copy)).pixels.std() for copy in range(30)]
    assert max(found) <= 10.3
    assert max(found) > 8
    assert min(found) < 2


def test_compression_changes_a_picture_a_little():
    smooth = np.tile(np.linspace(40, 200, 90).astype(np.uint8)[None, :, None], (60, 1, 3))
    copy = augment_picture(View(smooth, "good"), Recipe(noise=Noise(jpeg_quality=20)), draws(0, 0, 0)).pixels
    difference = np.abs(copy.astype(int) - smooth)
    assert 0 < difference.max() < 40


def with_line():
    pixels = grey(200)
    pixels[20:40] = 30
    return pixels


def test_a_made_defect_can_be_seen_and_lies_in_its_box():
    for copy in range(40):
        view = augment_picture(View(with_line(), "good"), Recipe(cut_paste=CutPaste(chance=1)), draws(0, 0, copy))
        if view.label == "good":
            continue  # ten draws in a row that changed nothing
        (box,) = view.boxes
        changed = np.abs(view.pixels.astype(int) - with_line()).max(axis=2) >= 12
        rows, columns = np.nonzero(changed)
        inside = (
            (columns >= box.x_px - 2) & (columns < box.x_px + box.width_px + 2)
            & (rows >= box.y_px - 2) & (rows < box.y_px + box.height_px + 2)
        )  # fmt: skip
        assert changed[view.mask > 0].all()
        assert (view.mask > 0).sum() >= 4
        assert inside.mean() > 0.95


def test_a_defect_is_made_of_good_parts_alone_and_as_often_as_it_shall():
    recipe = Recipe(cut_paste=CutPaste(chance=0.5, label="made"))
    made = [augment_picture(View(part(), "good"), recipe, draws(0, 0, copy)).label for copy in range(100)]
    assert 35 <= made.count("made") <= 65
    dent = View(part(), "dent")
    assert all(augment_picture(dent, recipe, draws(0, 0, copy)).label == "dent" for copy in range(20))


def test_a_plain_surface_gets_no_defect_that_nobody_sees():
    recipe = Recipe(cut_paste=CutPaste(chance=1))
    copy = augment_picture(View(grey(level=10), "good"), recipe, draws(0, 0, 0))
    assert (copy.label, copy.boxes, copy.mask) == ("good", (), None)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 40), (8, 8), (9, 300)])
def test_small_and_narrow_pictures_are_no_fault(height, width):
    random = np.random.default_rng(0)
    for copy in range(20):
        view = View(random.integers(0, 256, (height, width, 3), np.uint8), "good")
        assert augment_picture(view, ALL, draws(0, 0, copy)).pixels.shape == (height, width, 3)


def test_a_sample_brings_its_boxes_and_mask(save):
    path, mask = save("1.png", part()), save("mask.png", np.eye(60, 90, dtype=np.uint8) * 7)
    view = view_of(Sample(path, "dent", boxes=(Box(1, 2, 3, 4, "dent"),), masks=(mask,)))
    assert view.boxes == (Box(1, 2, 3, 4, "dent"),)
    np.testing.assert_array_equal(view.mask, np.eye(60, 90) * 255)


def test_a_mask_of_another_size_is_refused(save):
    path, mask = save("1.png", part()), save("mask.png", grey(height=30))
    with pytest.raises(ValueError, match=r"mask of 90×60 px"):
        view_of(Sample(path, "dent", masks=(mask,)))


def test_a_sound_stays_within_its_bounds():
    tone = Waveform(np.sin(np.arange(16_000, dtype=np.float32) / 9)[:, None] / 4, 16_000)
    copies = [augment_sound(tone, Recipe(sound=Sound(gain_db=6, shift=0.5)), draws(0, 0, copy)) for copy in range(20)]
    peaks = [np.abs(one.values).max() for one in copies]
    assert 0.125 <= min(peaks) < 0.17
    assert 0.37 < max(peaks) <= 0.5
    assert all(one.values.shape == tone.values.shape and one.values.dtype == np.float32 for one in copies)
    noisy = augment_sound(tone, Recipe(sound=Sound(noise_db=-20)), draws(0, 0, 0)).values - tone.values
    assert 0 < noisy.std() <= 0.101
    loud = augment_sound(Waveform(tone.values * 4, 16_000), Recipe(sound=Sound(gain_db=40)), draws(0, 0, 3))
    assert np.abs(loud.values).max() <= 1
