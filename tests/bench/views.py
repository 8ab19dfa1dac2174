"""What a recipe of augmentation costs a network's training: milliseconds per batch, beside the course's own bounds.

`python -m tests.bench.views`. One thread, batches of 32, the recipe of docs/how-to/prepare-data.md; the last row is
what views of whole photographs would cost. The floor is a course that changes nothing.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from tests.fakes.how_to import blocks, section
from training.augmentation import read_recipe
from training.finetune.altered_views import Alteration
from training.finetune.course import Course
from training.finetune.course_file import STILL
from training.finetune.lesson import Lesson
from training.finetune.views import batch_of

SIZES_PX = ((96, 96), (224, 224), (480, 640))
PICTURES, STEPS = 64, 10


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(blocks(section("prepare-data", "See what augmentation does"), "toml")[0], "utf-8")
        recipe = read_recipe(path)
    by_recipe = Course(altered=Alteration(recipe, ("good", recipe.cut_paste.label)))
    for height_px, width_px in SIZES_PX:
        pictures = np.random.default_rng(0).integers(0, 256, (PICTURES, height_px, width_px, 3), np.uint8)
        lesson = Lesson(pictures, np.zeros(PICTURES, np.int64))
        told = [f"{_ms(lesson, course):7.1f} ms {name}" for name, course in _courses(by_recipe)]
        print(f"{width_px}×{height_px} px: {', '.join(told)}")


def _courses(by_recipe: Course) -> list[tuple[str, Course]]:
    return [("nothing", STILL), ("the course's bounds", Course(mirror=True, noise_bytes=6.0)), ("recipe", by_recipe)]


def _ms(lesson: Lesson, course: Course) -> float:
    """The median batch's: a busy machine is slow at times."""
    spent_s = []
    for step in range(STEPS):
        began_s = time.perf_counter()
        batch_of(lesson, course, step)
        spent_s.append(time.perf_counter() - began_s)
    return 1000 * median(spent_s)


if __name__ == "__main__":
    main()
