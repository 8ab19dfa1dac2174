"""The pictures that are learned from and what the teacher sees in them, drawn once and kept in a folder.

A shard is two `.npy` files, pictures uint8 and maps float16. A shard that is there is not drawn again, so a drawing
that was cut off goes on where it stopped; the same seed gives the same shards on the same processor, however many
processes draw them (another one's OpenCV draws a third of the pictures a little otherwise, docs/decisions/165).
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from edge_contracts.whole_file import whole_file
from training.backbone.drawing import drawn_picture
from training.backbone.teacher import teacher_maps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARD = 1000
"""Pictures per shard, at most."""


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """What is drawn, and who teaches.

    teacher: the classifier's bytes; name: what messages call it. pictures: how many. side_px: of each, a multiple
    of 32.
    """

    teacher: bytes
    name: str
    seed: int
    pictures: int
    side_px: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """All pictures and maps, mapped from the disk.

    pictures: shards of n×S×S×3 uint8. maps: shards of n×h×w×C float16.
    """

    pictures: tuple[npt.NDArray[np.uint8], ...]
    maps: tuple[npt.NDArray[np.float16], ...]

    def __len__(self) -> int:
        return sum(len(shard) for shard in self.pictures)

    def pick(self, numbers: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
        """These pictures and their maps, in this order."""
        places = [divmod(int(number), SHARD) for number in numbers]
        pictures = np.stack([self.pictures[shard][row] for shard, row in places])
        return pictures, np.stack([self.maps[shard][row] for shard, row in places])


def draw_lessons(plan: LessonPlan, folder: Path, jobs: int, progress: Callable[[int], object] | None = None) -> Lessons:
    """Draw what is missing in `folder`, on `jobs` processes, and open all of it.

    Raises:
        BadInputError: the teacher is no quantised classifier.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(-(-plan.pictures // SHARD))
    missing = [number for number in numbers if not _maps_file(folder, number).exists()]
    done = SHARD * (len(numbers) - len(missing))
    # Each process draws on its own; OpenCV's threads would only wait for each other.
    with ProcessPoolExecutor(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for finished in as_completed([pool.submit(_draw_shard, plan, folder, number) for number in missing]):
            done += finished.result()
            if progress is not None:
                progress(done)
    return Lessons(
        tuple(np.load(_pictures_file(folder, number), mmap_mode="r") for number in numbers),
        tuple(np.load(_maps_file(folder, number), mmap_mode="r") for number in numbers),
    )


def _draw_shard(plan: LessonPlan, folder: Path, number: int) -> int:
    """Draw one shard; its maps come last, so a shard with maps is whole."""
    wanted = range(number * SHARD, min(plan.pictures, (number + 1) * SHARD))
    pictures = np.stack([drawn_picture(plan.seed, one, plan.side_px) for one in wanted])
    maps = teacher_maps(plan.teacher, plan.name, pictures, plan.side_px).astype(np.float16)
    _write(_pictures_file(folder, number), pictures)
    _write(_maps_file(folder, number), maps)
    return len(pictures)


def _write(path: Path, values: npt.NDArray[np.generic]) -> None:
    with whole_file(path) as file:
        np.save(file, values)


def _pictures_file(folder: Path, number: int) -> Path:
    return folder / f"pictures-{number:05d}.npy"


def _maps_file(folder: Path, number: int) -> Path:
    return folder / f"maps-{number:05d}.npy"
