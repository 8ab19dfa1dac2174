"""The batch of a step: which pictures, and how each is seen. A pure function of seed and step, so nothing need be
remembered to go on after a stop.
"""  # noqa: D205 - one sentence

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from training.augmentation.augment import draws
from training.finetune.lesson import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from training.finetune.altered_views import Alteration
    from training.finetune.course import Course

    Matrix = npt.NDArray[np.float64]

_ORDER, _VIEW = 0, 1
"""Streams of randomness."""

_BOX = 5
_LEAST_BOX_PX = 2.0
"""What is left of a side at the picture's edge, or half of it where it is smaller itself."""


def batch_of(lesson: Lesson, course: Course, step: int) -> Lesson:
    """The pictures of a step, as seen."""
    places = places_of(len(lesson), course, step)
    if course.altered is not None:
        seen = list(_altered(lesson, course, step, places, course.altered))
    else:
        chosen, chance = lesson.part(places), np.random.default_rng((course.seed, _VIEW, step))
        seen = [_seen(*one, course, chance) for one in zip(chosen.pictures, chosen.wanted, strict=True)]
    return Lesson(np.stack([picture for picture, _ in seen]), np.stack([wanted for _, wanted in seen]))


def places_of(count: int, course: Course, step: int) -> npt.NDArray[np.intp]:
    """Which of `count` pictures a step takes: each once per round, the rounds in orders of their own."""
    rounds, inside = np.divmod(_turns(course, step), count)
    orders = {
        int(one): np.random.default_rng((course.seed, _ORDER, int(one))).permutation(count) for one in set(rounds)
    }
    return np.array([orders[int(one)][place] for one, place in zip(rounds, inside, strict=True)], np.intp)


def _turns(course: Course, step: int) -> npt.NDArray[np.intp]:
    """How many pictures were taken before each of a step's."""
    return np.arange(step * course.batch, (step + 1) * course.batch)


def _altered(
    lesson: Lesson, course: Course, step: int, places: npt.NDArray[np.intp], altered: Alteration
) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]]:
    for place, turn in zip(places, _turns(course, step), strict=True):
        random = draws(course.seed, int(place), int(turn) // len(lesson))
        yield altered.seen(lesson.pictures[place], lesson.wanted[place], random)


def _seen(
    picture: npt.NDArray[np.uint8], wanted: npt.NDArray[Any], course: Course, chance: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    matrix = _matrix(picture.shape[:2], course, chance)
    moved = _warped(picture, matrix, cv2.INTER_LINEAR)
    gain = 1 + course.light * chance.uniform(-1, 1)
    lit = moved.astype(np.float32) * np.float32(gain)
    if course.noise_bytes:
        lit += chance.normal(0, course.noise_bytes * chance.uniform(), lit.shape).astype(np.float32)
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8), _moved_answer(wanted, matrix, picture.shape[:2])


def _matrix(size: tuple[int, int], course: Course, chance: np.random.Generator) -> Matrix:
    """2×3: where a pixel of the picture goes in the view."""
    height, width = size
    turn, zoom, right, down = chance.uniform(-1, 1, 4) * (course.turn_degrees, course.zoom, course.shift, course.shift)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), float(turn), float(1 + zoom))
    matrix[:, 2] += (right * width, down * height)
    if course.mirror and chance.integers(2):
        matrix = np.array([[-1.0, 0.0, width - 1], [0.0, 1.0, 0.0]]) @ np.vstack([matrix, [0.0, 0.0, 1.0]])
    return np.asarray(matrix, np.float64)


def _warped(picture: npt.NDArray[np.uint8], matrix: Matrix, how: int) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved.reshape(picture.shape), np.uint8)


def _moved_answer(wanted: npt.NDArray[Any], matrix: Matrix, size: tuple[int, int]) -> npt.NDArray[Any]:
    """A class stays; a mask moves with the picture; a box becomes the upright one around its moved corners."""
    if wanted.ndim == 0:
        return wanted
    if wanted.shape == size:
        return _warped(wanted, matrix, cv2.INTER_NEAREST)
    # A pixel's place is its middle, half a pixel from the edges that boxes are drawn along.
    x1, y1, x2, y2 = wanted[:, 1:_BOX].T - 0.5
    corners = np.stack([np.stack([x, y, np.ones_like(x)]) for x in (x1, x2) for y in (y1, y2)])
    moved = np.einsum("ij,cjk->cik", matrix, corners) + 0.5
    start, end = moved.min(axis=0), moved.max(axis=0)
    low, high = (np.clip(one, 0, [[size[1]], [size[0]]]) for one in (start, end))
    gone = (high - low < np.minimum(_LEAST_BOX_PX, (end - start) / 2)).any(axis=0)
    label = np.where(gone, -1.0, wanted[:, 0])
    return np.column_stack([label, low.T, high.T]).astype(np.float32)
