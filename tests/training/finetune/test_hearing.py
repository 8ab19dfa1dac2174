"""Recordings as lessons: whose levels count, and which inputs are of one recording."""

import wave

import numpy as np

from training.augmentation.recipe import Recipe, Sound
from training.dataset import Sample
from training.finetune.hearing import COPIES, SoundCopies, front_end, sound_lesson
from training.networks.network import NetworkSpec

SPEC = NetworkSpec("ds-cnn", 2, 16, 32, channels=1)


def tone(path, loud=0.1, seconds=1.0):
    at = np.arange(round(8000 * seconds)) / 8000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((loud * np.sin(2 * np.pi * 700 * at) * 32767).astype("<i2").tobytes())
    return Sample(path, "good")


def test_what_is_held_out_does_not_set_the_levels(tmp_path):
    learned = [tone(tmp_path / "0.wav"), tone(tmp_path / "1.wav", 0.05)]
    soft, loud = tone(tmp_path / "2.wav", 0.1), tone(tmp_path / "3.wav", 0.9)
    assert front_end(learned, [loud], SPEC) == front_end(learned, [soft], SPEC)
    assert front_end([*learned, loud], [soft], SPEC) != front_end(learned, [soft], SPEC)


def test_a_lesson_says_which_recording_each_input_is_of(tmp_path):
    samples = [tone(tmp_path / "0.wav", seconds=3.0), tone(tmp_path / "1.wav", seconds=1.0)]
    lesson = sound_lesson(samples, ("good",), front_end(samples, [], SPEC))
    assert lesson.recordings is not None
    assert lesson.recordings.tolist() == sorted(lesson.recordings.tolist())
    assert np.bincount(lesson.recordings).tolist() == [10, 2]
    assert len(lesson) == 12


def test_a_recipe_adds_the_same_copies_of_each_recording_again(tmp_path):
    samples = [tone(tmp_path / "0.wav"), tone(tmp_path / "1.wav", 0.05)]
    heard = front_end(samples, [], SPEC)
    recipe = Recipe(sound=Sound(gain_db=6, noise_db=-30))
    plain = sound_lesson(samples, ("good",), heard)
    first, again, other = (
        sound_lesson(samples, ("good",), heard, copies=SoundCopies(recipe, seed)) for seed in (1, 1, 2)
    )
    assert len(first) == (1 + COPIES) * len(plain)
    assert first.digest == again.digest != other.digest
    assert np.array_equal(first.part(np.flatnonzero(first.recordings == 0)).pictures, plain.pictures[:2])
    assert len({one.pictures.tobytes() for one in map(first.part, map(np.atleast_1d, range(0, 14, 2)))}) == 1 + COPIES
