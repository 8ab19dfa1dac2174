"""What `lepton train --network` does: labelled pictures and a course become a float bundle."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from converters.cli import progress_bar
from device_profiles import load_profile
from edge_contracts.bundle import CARD, require_bundle_name, write_bundle
from edge_contracts.document_text import document_text
from edge_contracts.manifest import ProvenanceStep
from edge_contracts.whole_file import write_whole
from training.checks.drawings import require_fitting_drawings
from training.checks.families import family_names
from training.checks.learned_parts import LearnedParts
from training.checks.looked import look_at
from training.dataset import dataset_version, read_dataset
from training.dataset.split_notes import split_notes
from training.dataset.subjects import are_sounds
from training.detectors.float_bundle import DATASET, PHOTOGRAPHS, bundle_name, digest_of
from training.finetune.altered_views import Alteration
from training.finetune.course import Course
from training.finetune.course_file import OF_SPECTRA, STILL, Unit, read_course
from training.finetune.hearing import SoundCopies, front_end, require_of_pictures, sound_lesson
from training.finetune.outcome import TrainingOutcome, outcome_text
from training.networks.network import NETWORKS, require_torch
from training.networks.weights import fetch_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_contracts.manifest import SoundInput
    from training.augmentation.recipe import Recipe
    from training.dataset import Sample
    from training.finetune.bundle import Meaning
    from training.finetune.course_file import CourseFile
    from training.finetune.lesson import Lesson
    from training.finetune.loop import Room
    from training.finetune.objective import Objective
    from training.finetune.options import NetworkOptions
    from training.finetune.stages import Plan
    from training.finetune.teaching_set import TeachingSet

CALIBRATION = 32
"""Pictures to calibrate trial files with: only their size and speed is looked at."""

PROFILE = "rpi-4b"
"""Its kernels are those of most boards; bytes hardly depend on the board, milliseconds are this machine's."""

NO_TARGET: tuple[float, Unit] = (0.0, "bytes")

PROGRAM = "network.pt2"
"""The trained network with its gradients, in the folder of checkpoints."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for.

    course, checkpoints, curves: None for none. recipe: of the views; None for those of the course.
    """

    network: str
    course: Path | None
    checkpoints: Path | None
    curves: Path | None
    seed: int
    recipe: Recipe | None = None

    @classmethod
    def of(cls, said: NetworkOptions, seed: int, recipe: Recipe | None) -> Wish:
        """What the options say."""
        return cls(said.network or "", said.course, said.checkpoints, said.curves, seed, recipe)


def train_network(source: Path, output: Path, wish: Wish, *, as_json: bool) -> None:
    """Read, train, export, tell.

    Raises:
        BadInputError: pictures, course, weights, checkpoints or paths that do not fit.
        MissingExtraError: torch is not installed.
    """
    require_bundle_name(output)
    require_torch()
    if wish.checkpoints is not None:
        wish.checkpoints.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    file = read_course(wish.course)
    with progress_bar(silent=as_json) as progress:
        done = trained(source, output, wish, file, progress)
    digest = written(output, done)
    _write_extras(wish, done)
    document = done.document(output, digest, time.monotonic() - began_s)
    click.echo(document_text(document) if as_json else outcome_text(document))


def trained(source: Path, output: Path, wish: Wish, file: CourseFile, progress: Any) -> TrainingOutcome:
    """Read the pictures and do what the course says.

    Args:
        source: of the pictures.
        output: where the bundle will stand; gives it its name.
        wish: what the command line asks for; its course is not read.
        file: the course.
        progress: told a stage and the fraction of it that is done.

    Raises:
        BadInputError: as for `train_network`.
    """
    return _trained(_assigned(source, output, wish, file, progress), wish, progress)


def written(output: Path, done: TrainingOutcome) -> str:
    """Write the bundle with its card, and return its digest."""
    members = {**done.bundle.members, CARD: done.card().model_dump_json(indent=2).encode()}
    return write_bundle(output, done.bundle.manifest, members)


@dataclass(frozen=True, slots=True)
class _Assignment:
    """What is to be done, all of it read.

    parts: those that are learned, to be known again. step: of the provenance. notes: sentences for the user.
    """

    parted: TeachingSet
    parts: LearnedParts
    plan: Plan
    room: Room
    meaning: Meaning
    step: ProvenanceStep
    notes: tuple[str, ...]


def _assigned(source: Path, output: Path, wish: Wish, file: CourseFile, progress: Any) -> _Assignment:
    # Torch is imported from here on.
    from training.finetune.bundle import Meaning  # noqa: PLC0415
    from training.finetune.teaching_set import teaching_set  # noqa: PLC0415

    dataset = read_dataset(source)
    is_heard = are_sounds(dataset)
    if is_heard:
        require_of_pictures(wish.network, NETWORKS[wish.network].task, file.network.model_fields_set)
    if wish.recipe is not None:
        wish.recipe.require_for("sound" if is_heard else "picture")
        file.require_no_views()
    looked = look_at(dataset, lambda seen: progress("look", seen / len(dataset)))
    looked.require_readable()
    require_fitting_drawings(looked)
    families = family_names(looked)
    parted = teaching_set(dataset, families, file.held_out, wish.seed, NETWORKS[wish.network].task)
    learned = {one.path for one in parted.learned}
    places = [place for place, one in enumerate(dataset) if one.path in learned]
    parts = LearnedParts.of([looked.facts[place] for place in places], [families[place] for place in places])
    plan = _plan(file, wish, parted.labels, heard=is_heard)
    heard = front_end(parted.learned, parted.held_out, plan.spec) if is_heard else None
    room = _room(parted, plan, file, heard, wish, progress)
    inputs = {DATASET: dataset_version(dataset), PHOTOGRAPHS: digest_of(one.path for one in parted.learned)}
    meaning = Meaning(bundle_name(output), parted.labels, parted.good, file.scaling, heard)
    step = _provenance(inputs, plan, file, room, wish)
    return _Assignment(parted, parts, plan, room, meaning, step, tuple(split_notes(source, dataset)))


def _plan(file: CourseFile, wish: Wish, labels: tuple[str, ...], *, heard: bool) -> Plan:
    from training.finetune.stages import Plan  # noqa: PLC0415 - torch

    first, again, to_int8 = file.courses(wish.seed, _usual(wish.recipe, labels, heard=heard))
    spec = file.spec(wish.network, len(labels))
    target, unit = NO_TARGET if file.prune is None else file.prune.target
    return Plan(
        replace(spec, channels=1) if heard else spec,
        first,
        again,
        target,
        unit,
        quantise=to_int8,
        weights=fetch_weights(file.network.weights, file.network.sha256) if file.network.weights else None,
    )


def _usual(recipe: Recipe | None, labels: tuple[str, ...], *, heard: bool) -> Course:
    """What a course does to pictures, or to spectra, where its file says nothing."""
    if recipe is None:
        return OF_SPECTRA if heard else Course()
    return STILL if heard else replace(STILL, altered=Alteration(recipe, labels))


def _room(
    parted: TeachingSet, plan: Plan, file: CourseFile, heard: SoundInput | None, wish: Wish, progress: Any
) -> Room:
    from training.finetune.boxes import Boxes  # noqa: PLC0415 - torch
    from training.finetune.loop import Room  # noqa: PLC0415 - the same
    from training.finetune.objective import Classes, Masks  # noqa: PLC0415 - the same
    from training.finetune.teaching_set import lesson_of  # noqa: PLC0415 - the same

    spec, task, count = plan.spec, NETWORKS[plan.spec.name].task, len(parted.learned) + len(parted.held_out)

    def lesson(samples: Sequence[Sample], before: int, copies: SoundCopies | None = None) -> Lesson:
        def tell(read: int) -> None:
            progress("read", (before + read) / count)

        if heard is not None:
            return sound_lesson(samples, parted.labels, heard, tell, copies)
        return lesson_of(samples, parted.labels, spec, task, tell)

    copies = None if wish.recipe is None else SoundCopies(wish.recipe, wish.seed)
    learned, held_out = lesson(parted.learned, 0, copies), lesson(parted.held_out, len(parted.learned))
    objectives: dict[str, Objective] = {
        "classes": Classes(plan.train.smoothing),
        "masks": Masks(),
        "boxes": Boxes(spec.outputs, spec.height_px, spec.width_px),
    }
    return Room(learned, held_out, objectives[task], file.scaling, _device())


def _trained(assigned: _Assignment, wish: Wish, progress: Any) -> TrainingOutcome:
    from training.finetune.bundle import float_bundle  # noqa: PLC0415 - torch
    from training.finetune.cost import Bench  # noqa: PLC0415 - the same
    from training.finetune.quantisation import folded  # noqa: PLC0415 - the same
    from training.finetune.stages import run_stages  # noqa: PLC0415 - the same

    plan, room, meaning = assigned.plan, assigned.room, assigned.meaning
    shown = room.lesson.pictures[:CALIBRATION]
    bench = Bench(
        plan.spec, meaning, load_profile(PROFILE), list(shown if meaning.heard is not None else _coloured(shown))
    )
    cost = bench.ms_of if plan.unit == "ms" else bench.bytes_of
    stages = run_stages(plan, room, cost=cost, folder=wish.checkpoints, progress=progress)
    progress("export", 0.0)
    network = stages[-1].network if plan.quantise is not None else folded(stages[-1].network)
    bundle = float_bundle(network, plan.spec, meaning, (assigned.step,), assigned.parts)
    progress("export", 1.0)
    return TrainingOutcome(assigned.parted, plan, room, stages, bundle, bench, assigned.notes)


def _coloured(pictures: Any) -> Any:
    """N×H×W×3: what stands for a camera's picture of a grey network."""
    return pictures if pictures.shape[3] == 3 else pictures.repeat(3, axis=3)  # noqa: PLR2004 - red, green, blue


def _device() -> str:
    return "cuda" if require_torch().cuda.is_available() else "cpu"


def _provenance(inputs: dict[str, str], plan: Plan, file: CourseFile, room: Room, wish: Wish) -> ProvenanceStep:
    if plan.weights is not None:
        inputs["weights"] = plan.weights.sha256
    settings = {
        "network": plan.spec.name,
        "course": file.model_dump(mode="json", exclude_none=True),
        "seed": wish.seed,
        "device": room.device,
        "torch": require_torch().__version__,
    }
    if wish.recipe is not None:
        settings["recipe"] = wish.recipe.model_dump(mode="json", exclude_defaults=True)
    return ProvenanceStep(step="train", tool=f"lepton-edge {version('lepton-edge')}", inputs=inputs, settings=settings)


def _write_extras(wish: Wish, done: TrainingOutcome) -> None:
    from training.finetune.curves import curves_page  # noqa: PLC0415 - jinja2
    from training.finetune.program import save_program  # noqa: PLC0415 - torch

    if wish.checkpoints is not None:
        save_program(done.stages[-1].network, done.plan.spec, done.room.scaling, wish.checkpoints / PROGRAM)
    if wish.curves is not None:
        write_whole(wish.curves, curves_page(done.bundle.manifest.name, done.sentence, done.stages))
