"""The sheet shows samples of every class beside their copies, and is the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.augmentation import read_recipe
from training.augmentation.contact_sheet import CELL_PX, FIRST_GAP_PX, GAP_PX, spread
from training.dataset import Sample, read_dataset
from training.finetune.altered_views import Alteration
from training.finetune.course import Course
from training.finetune.teaching_set import lesson_of
from training.finetune.views import batch_of
from training.networks.network import NetworkSpec


def preview(*arguments):
    return CliRunner().invoke(main, ["data", "preview", *map(str, arguments)])


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("[geometry]\nrotate_deg = 10\n[cut_paste]\nchance = 0.5\n[sound]\ngain_db = 12\n")
    return path


@pytest.fixture
def source(save, draw_part, tmp_path):
    for place in range(4):
        save(f"parts/good/{place}.png", draw_part(place))
        save(f"parts/dent/{place}.png", draw_part(place, scratch=True))
    return tmp_path / "parts"


def test_the_same_seed_draws_the_same_sheet(source, recipe, tmp_path):
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        done = preview(source, "--recipe", recipe, "-o", tmp_path / name, "--seed", seed, "--samples", 2, "--copies", 3)
        assert done.exit_code == 0, done.output
    first, second, third = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == second != third
    sheet = cv2.imread(str(tmp_path / "a.png"))
    assert sheet.shape[0] == pytest.approx(2 * CELL_PX * 0.75, abs=20)
    assert sheet.shape[1] == pytest.approx(4 * CELL_PX, abs=60)


def test_pictures_can_be_shown_as_a_network_learns_them(source, tmp_path):
    """At the cell's own size a sheet has the very bytes of a lesson's views."""
    (tmp_path / "recipe.toml").write_text("[geometry]\nrotate_deg = 10\n[blur]\nchance = 1\nfocus_px = 2\n")
    arguments = ("--input-size", CELL_PX, CELL_PX, "--samples", 1, "--copies", 2, "--seed", 3)
    done = preview(source, "--recipe", tmp_path / "recipe.toml", "-o", tmp_path / "sheet.png", *arguments)
    assert done.exit_code == 0, done.output
    sheet = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    recipe = read_recipe(tmp_path / "recipe.toml")
    (sample,) = spread(read_dataset(source), 1)
    lesson = lesson_of([sample], ("dent", "good"), NetworkSpec("ds-cnn", 2, CELL_PX, CELL_PX))
    course = Course(batch=2, seed=3, altered=Alteration(recipe, ("dent", "good")))
    left = 0
    for picture, gap_px in zip(
        [lesson.pictures[0], *batch_of(lesson, course, 0).pictures], (FIRST_GAP_PX, GAP_PX, GAP_PX), strict=True
    ):
        assert np.array_equal(sheet[:CELL_PX, left : left + CELL_PX], picture)
        left += CELL_PX + gap_px


def test_recordings_have_no_input_size(save_sound, recipe, tmp_path):
    save_sound("hum/0.wav", np.sin(np.arange(8000) / 3) / 4)
    done = preview(tmp_path / "hum", "--recipe", recipe, "-o", tmp_path / "sheet.png", "--input-size", 64, 64)
    assert done.exit_code == 2
    assert "wanted pictures for --input-size" in done.stderr


def test_the_sheet_of_sounds_shows_spectrograms(save_sound, recipe, tmp_path):
    for place in range(2):
        save_sound(f"hum/{place}.wav", np.sin(np.arange(8000) / (3 + place)) / 4)
    done = preview(tmp_path / "hum", "--recipe", recipe, "-o", tmp_path / "sheet.png")
    assert done.exit_code == 0, done.output
    assert "2 samples, 6 copies of each" in done.stdout
    assert cv2.imread(str(tmp_path / "sheet.png")).std() > 20


def test_every_class_is_shown_good_first():
    samples = [Sample(Path(f"{label}-{place}.png"), label) for label in ("dent", "good", "rust") for place in range(9)]
    chosen = spread(samples, 5)
    assert [one.label for one in chosen] == ["good", "good", "dent", "dent", "rust"]
    assert len(spread(samples, 2)) == 2
    assert len(spread(samples[:1], 6)) == 1


@pytest.mark.parametrize("output", ["sheet.jpg", "sheet"])
def test_a_sheet_is_a_png(output, source, recipe):
    done = preview(source, "--recipe", recipe, "-o", output)
    assert done.exit_code == 2
    assert ".png" in done.stderr
