"""What `lepton train --network` does: labelled pictures and a course become a float bundle."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import click

from converters.artefact import precision_shares
from converters.cli import progress_bar
from converters.tflite import read_tflite
from device_profiles import load_profile
from edge_contracts.bundle import CARD, require_bundle_name, write_bundle
from edge_contracts.card import Card, Measurement
from edge_contracts.manifest import ProvenanceStep
from edge_contracts.whole_file import write_whole
from training.checks.families import family_names
from training.checks.learned_parts import LearnedParts
from training.checks.looked import look_at
from training.dataset import dataset_version, read_dataset
from training.detectors.float_bundle import DATASET, PHOTOGRAPHS, bundle_name, digest_of
from training.finetune.course_file import read_course
from training.networks.network import NETWORKS, require_torch
from training.networks.weights import fetch_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_contracts.bundle import Bundle
    from training.finetune.course_file import CourseFile
    from training.finetune.loop import Room
    from training.finetune.objective import Objective
    from training.finetune.stages import Plan, Stage
    from training.finetune.teaching_set import TeachingSet

CALIBRATION = 32
"""Pictures to calibrate trial files with: only their size and speed is looked at."""

PROFILE = "rpi-4b"
"""Its kernels are those of most boards; bytes hardly depend on the board, milliseconds are this machine's."""

MEASURES = {"classes": "accuracy", "masks": "overlap", "boxes": "F1"}
"""What the score of each task is called."""

PROGRAM = "network.pt2"
"""The trained network with its gradients, in the folder of checkpoints."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for. course, checkpoints, curves: None for none."""

    network: str
    course: Path | None
    checkpoints: Path | None
    curves: Path | None
    seed: int


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
        done = _trained(source, output, wish, file, progress)
    digest = write_bundle(output, done.bundle.manifest, done.members)
    _write_extras(wish, done)
    document = done.document(output, digest, time.monotonic() - began_s)
    click.echo(json.dumps(document, indent=2) if as_json else _text(document))


@dataclass(frozen=True, slots=True)
class _Done:
    """All that was made."""

    parted: TeachingSet
    plan: Plan
    room: Room
    stages: tuple[Stage, ...]
    bundle: Bundle
    members: dict[str, bytes]

    def document(self, output: Path, digest: str, spent_s: float) -> dict[str, Any]:
        """Plain values for JSON."""
        weights = self.plan.weights
        return {
            "bundle": str(output),
            "name": self.bundle.manifest.name,
            "digest": digest,
            "network": self.plan.spec.name,
            "parameters": sum(value.numel() for value in self.stages[-1].network.parameters()),
            "input": {"height_px": self.plan.spec.height_px, "width_px": self.plan.spec.width_px},
            "labels": list(self.parted.labels),
            "good": list(self.parted.good),
            "pictures": {"learned": len(self.parted.learned), "held_out": len(self.parted.held_out)},
            "weights": None if weights is None else {"source": weights.source, "sha256": weights.sha256},
            "device": self.room.device,
            "stages": [_told(stage) for stage in self.stages],
            "measure": MEASURES[NETWORKS[self.plan.spec.name].task],
            "score": self.stages[-1].best.score,
            "model_bytes": len(self.bundle.model),
            "seconds": round(spent_s, 2),
        }


def _trained(source: Path, output: Path, wish: Wish, file: CourseFile, progress: Any) -> _Done:
    # Torch is imported from here on.
    from training.finetune.boxes import Boxes  # noqa: PLC0415
    from training.finetune.bundle import Meaning, float_bundle  # noqa: PLC0415
    from training.finetune.cost import Bench  # noqa: PLC0415
    from training.finetune.lesson import Lesson  # noqa: PLC0415
    from training.finetune.loop import Room  # noqa: PLC0415
    from training.finetune.objective import Classes, Masks  # noqa: PLC0415
    from training.finetune.quantisation import folded  # noqa: PLC0415
    from training.finetune.stages import Plan, run_stages  # noqa: PLC0415
    from training.finetune.teaching_set import lesson_of, teaching_set  # noqa: PLC0415

    name = wish.network
    task = NETWORKS[name].task
    dataset = read_dataset(source)
    looked = look_at(dataset, lambda seen: progress("look", seen / len(dataset)))
    looked.require_readable()
    parted = teaching_set(dataset, family_names(looked), file.held_out, wish.seed, task)
    spec = file.spec(name, len(parted.labels))
    samples = (*parted.learned, *parted.held_out)
    whole = lesson_of(samples, parted.labels, spec, task, lambda read: progress("read", read / len(samples)))
    border = len(parted.learned)
    learned, held_out = (
        Lesson(whole.pictures[part], whole.wanted[part]) for part in (slice(border), slice(border, None))
    )
    first, again, to_int8 = file.courses(wish.seed)
    weights = fetch_weights(file.network.weights, file.network.sha256) if file.network.weights else None
    prune = file.prune
    target = 0.0 if prune is None else float(prune.target_bytes or prune.target_ms or 0)
    unit: Literal["bytes", "ms"] = "ms" if prune is not None and prune.target_ms is not None else "bytes"
    plan = Plan(spec, first, again, target, unit, to_int8, weights)
    objectives: dict[str, Objective] = {
        "classes": Classes(first.smoothing),
        "masks": Masks(),
        "boxes": Boxes(spec.outputs, spec.height_px, spec.width_px),
    }
    room = Room(learned, held_out, objectives[task], file.scaling, _device())
    meaning = Meaning(bundle_name(output), parted.labels, parted.good, file.scaling)
    bench = Bench(spec, meaning, load_profile(PROFILE), list(_coloured(learned.pictures[:CALIBRATION])))
    cost = bench.ms_of if unit == "ms" else bench.bytes_of
    stages = run_stages(plan, room, cost=cost, folder=wish.checkpoints, progress=progress)
    progress("export", 0.0)
    inputs = {DATASET: dataset_version(dataset), PHOTOGRAPHS: digest_of(one.path for one in parted.learned)}
    network = stages[-1].network if to_int8 is not None else folded(stages[-1].network)
    learned_files = {one.path for one in parted.learned}
    parts = LearnedParts.of([one for one in looked.facts if one.sample.path in learned_files])
    bundle = float_bundle(network, spec, meaning, (_provenance(inputs, plan, file, room, wish),), parts)
    progress("export", 1.0)
    card = _card(bundle, parted, stages, MEASURES[task])
    return _Done(parted, plan, room, stages, bundle, {**bundle.members, CARD: card.model_dump_json(indent=2).encode()})


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
    return ProvenanceStep(step="train", tool=f"lepton-edge {version('lepton-edge')}", inputs=inputs, settings=settings)


def _card(bundle: Bundle, parted: TeachingSet, stages: Sequence[Stage], measure: str) -> Card:
    return Card(
        created=datetime.now(timezone.utc),
        tool=f"lepton-edge {version('lepton-edge')}",
        profile="none",
        calibration=f"{len(parted.learned)} pictures of {len(parted.labels)} classes",
        precision=precision_shares(read_tflite(bundle.model)),
        metrics=(
            Measurement(name=f"held_out_{measure.lower()}", value=stages[-1].best.score, unit="share"),
            Measurement(name="model_bytes", value=len(bundle.model), unit="bytes"),
        ),
        notes=(
            f"The {measure} is of {len(parted.held_out)} pictures that were held out and chose the step whose weights "
            "were kept; judge on others before you trust it.",
        ),
        details={"stages": [_told(stage) for stage in stages]},
    )


def _told(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "steps": stage.looks[-1].step,
        "best_step": stage.best.step,
        "score": stage.best.score,
        "channels_gone": round(stage.share, 4),
        "looks": [asdict(look) for look in stage.looks],
    }


def _write_extras(wish: Wish, done: _Done) -> None:
    from training.finetune.curves import curves_page  # noqa: PLC0415 - jinja2
    from training.finetune.program import save_program  # noqa: PLC0415 - torch

    if wish.checkpoints is not None:
        save_program(done.stages[-1].network, done.plan.spec, done.room.scaling, wish.checkpoints / PROGRAM)
    if wish.curves is not None:
        write_whole(wish.curves, curves_page(done.bundle.manifest.name, _sentence(done), done.stages))


def _sentence(done: _Done) -> str:
    return (
        f"{done.plan.spec.name} on {len(done.parted.learned)} pictures of {len(done.parted.labels)} classes, "
        f"{len(done.parted.held_out)} held out."
    )


def _text(document: dict[str, Any]) -> str:
    pictures, size = document["pictures"], document["input"]
    weights = document["weights"]
    return "\n".join(
        (
            f"trained {document['network']} ({document['parameters']:,} parameters, {size['height_px']}×"
            f"{size['width_px']} px) on {pictures['learned']} pictures of {len(document['labels'])} classes in "
            f"{document['seconds']:.0f} s on {document['device']}",
            *([f"began with {weights['source']} (SHA-256 {weights['sha256']})"] if weights else []),
            *(
                f"{stage['name']}: {document['measure']} {stage['score']:.3f} on {pictures['held_out']} held-out "
                f"pictures, at step {stage['best_step']} of {stage['steps']}"
                + (f", {stage['channels_gone']:.0%} of the channels gone" if stage["name"] == "prune" else "")
                for stage in document["stages"]
            ),
            f"wrote {document['bundle']}: model {document['model_bytes']:,} bytes; next: lepton convert",
        )
    )
