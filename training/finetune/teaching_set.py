"""From labelled samples to lessons: which pictures are learned, which are looked at, all at the network's size."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from training.dataset import Photographs
from training.dataset.input_size import resized
from training.dataset.judged_split import TRAIN_SPLIT
from training.finetune.answers import answer_of, joined, labels_of, require_drawn
from training.finetune.lesson import Lesson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from training.dataset import Sample
    from training.networks.network import NetworkSpec, Task

HELD_OUT = frozenset({"validation", "val", "valid"})
FEWEST_CLASSES = 2
FEWEST_OF_A_CLASS = 4
MEMORY_SHARE = 0.5
GIGABYTE = 1e9


@dataclass(frozen=True, slots=True)
class TeachingSet:
    """Samples parted. labels: all classes, in the order of the network's outputs. good: those that let a part pass."""

    learned: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    labels: tuple[str, ...]
    good: tuple[str, ...]


def teaching_set(
    samples: Sequence[Sample], families: Sequence[str], share: float, seed: int, task: Task = "classes"
) -> TeachingSet:
    """Part samples into those to learn and those to look at; rows of the split `test` are left alone.

    Rows of the split `validation` are the held-out ones where there are any; else a share of each class, whole families
    at a time.

    Args:
        samples: all that there are.
        families: a name for each that relatives share.
        share: of each class, to hold out.
        seed: chooses the families.
        task: what the network is to answer.

    Raises:
        BadInputError: fewer than two classes, too few pictures of one, or defects that nobody drew where the task needs
            them drawn.
    """
    has_splits = any(one.split for one in samples)
    taught = [one for one in samples if not has_splits or one.split == TRAIN_SPLIT]
    said = [one for one in samples if one.split in HELD_OUT]
    _require_classes(taught)
    require_drawn(task, [*taught, *said])
    family_of = {one.path: name for one, name in zip(samples, families, strict=True)}
    aside = set() if said else _aside(taught, family_of, share, seed)
    learned = tuple(one for one in taught if family_of[one.path] not in aside)
    held_out = tuple(said) or tuple(one for one in taught if family_of[one.path] in aside)
    classes = {one.label for one in taught}
    if strangers := sorted({one.label for one in held_out} - classes):
        raise BadInputError(
            f"wanted held-out pictures of learned classes, found {', '.join(strangers)}; mend the split"
        )
    if missing := sorted(classes - {one.label for one in learned}):
        raise BadInputError(
            f"wanted pictures of every class to learn, found that all of {', '.join(missing)} are relatives of those "
            "that are held out; give more pictures of other parts, or a split"
        )
    good = tuple(sorted({one.label for one in taught if one.is_good}))
    return TeachingSet(learned, held_out, labels_of(task, taught), good)


def lesson_of(
    samples: Sequence[Sample],
    labels: Sequence[str],
    spec: NetworkSpec,
    task: Task = "classes",
    progress: Callable[[int], object] = lambda _read: None,
) -> Lesson:
    """Read pictures with the board's own preprocessing, and say what is wanted for each.

    Raises:
        BadInputError: a file that is no picture, or more pictures than this machine's memory holds.
    """
    size = ImageInput(
        tensor="input",
        height_px=spec.height_px,
        width_px=spec.width_px,
        colour="grey" if spec.channels == 1 else "rgb",
        dtype="float32",
    )
    _require_room(len(samples), spec)
    pictures = np.empty((len(samples), spec.height_px, spec.width_px, spec.channels), np.uint8)
    answers = []
    for number, (sample, pixels) in enumerate(zip(samples, Photographs(samples), strict=True)):
        pictures[number] = resized(pixels, size)
        answers.append(answer_of(task, sample, labels, pixels.shape[:2], spec))
        progress(number + 1)
    return Lesson(pictures, joined(task, answers))


def _require_room(pictures: int, spec: NetworkSpec) -> None:
    """All pictures are held at the network's size while it is trained."""
    wanted = pictures * spec.height_px * spec.width_px * spec.channels
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if wanted > MEMORY_SHARE * there:
        raise BadInputError(
            f"wanted pictures that fit into half of this machine's {there / GIGABYTE:.1f} GB, found {pictures:,} that "
            f"take {wanted / GIGABYTE:.1f} GB at {spec.width_px}×{spec.height_px} px; give fewer, or a smaller size"
        )


def _require_classes(samples: Sequence[Sample]) -> None:
    counts = Counter(one.label for one in samples)
    if len(counts) < FEWEST_CLASSES:
        raise BadInputError(
            f"wanted pictures of {FEWEST_CLASSES} classes or more to train a network, found "
            f"{', '.join(counts) or 'none'}; from good parts alone 'lepton train' learns without --network"
        )
    if scarce := [f"{counts[label]} of {label}" for label in sorted(counts) if counts[label] < FEWEST_OF_A_CLASS]:
        raise BadInputError(
            f"wanted {FEWEST_OF_A_CLASS} pictures or more of each class, found {', '.join(scarce)}; add pictures"
        )


def _aside(samples: Sequence[Sample], family_of: Mapping[Path, str], share: float, seed: int) -> set[str]:
    """Families to hold out: of each class the first by a shuffled order that only names and seed decide."""
    aside: set[str] = set()
    for label in sorted({one.label for one in samples}):
        names = {family_of[one.path] for one in samples if one.label == label}
        aside.update(sorted(names, key=lambda name: _rank(name, seed))[: ceil(share * len(names))])
    return aside


def _rank(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
