"""`make bench-compress`: how much smaller a trained network gets, and what that costs (about five minutes on one core).

A ResNet-18 of a million parameters learns ten kinds of drawn parts, loses channels until its int8 file is a given
fraction of its float file, and learns again from its own former answers, at last as int8. Beside it stands a network of
the very shape that was left, hence of the same bytes, trained from a random start for as many epochs and made int8 by
the same means but the teacher; and the same again for as many epochs as all stages had together. Every row is a real
.tflite file: its bytes, its answers to pictures that nobody learned from, and its time on this machine, one thread.
Runs where PyTorch is: `.venv-torch`.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from converters.isolation.forking import forked_children
from device_profiles import load_profile
from edge_runtime.infer.predictor import Predictor
from tests.fakes.drawn_kinds import KINDS, drawn_kinds
from training.finetune.bundle import Meaning, example_of, float_bundle
from training.finetune.cost import Bench
from training.finetune.course import Course
from training.finetune.lesson import Lesson, Scaling
from training.finetune.loop import Room, train
from training.finetune.objective import Classes
from training.finetune.pruning import pruned_to
from training.finetune.quantisation import folded, plain, quantisation_aware
from training.networks.network import NetworkSpec, build_network

SIDE_PX = 24
SPEC = NetworkSpec("resnet-18", len(KINDS), SIDE_PX, SIDE_PX, width=0.3)
CALIBRATION = 64
PROFILE = "rpi-4b"


@dataclass(frozen=True, slots=True)
class Row:
    """One file. accuracy: share of the judged pictures. lost: points against the first row. ms: on this machine."""

    step: str
    parameters: int
    bytes: int
    smaller: float
    accuracy: float
    lost: float
    ms: float
    seconds: float


class Table:
    """Files as they are made."""

    def __init__(self, bench: Bench, judged: Lesson) -> None:
        self._bench, self._judged = bench, judged
        self._began = time.perf_counter()
        self.rows: list[Row] = []

    def add(self, step: str, network: Any, bundle: Any) -> None:
        predictor = Predictor.load(bundle)
        right = sum(
            int(np.argmax(predictor.predict(picture).values)) == wanted
            for picture, wanted in zip(self._judged.pictures, self._judged.wanted, strict=True)
        )
        accuracy = right / len(self._judged)
        first = self.rows[0] if self.rows else None
        self.rows.append(
            Row(
                step,
                sum(value.numel() for value in network.parameters()),
                len(bundle.model),
                first.bytes / len(bundle.model) if first else 1.0,
                accuracy,
                100 * (first.accuracy - accuracy) if first else 0.0,
                self._bench.timed(bundle),
                time.perf_counter() - self._began,
            )
        )
        print(_line(self.rows[-1]), flush=True)


def main() -> int:
    """Print the table; leave with 1 where the network lost more than 2 points, or won less than 1."""
    said = _arguments()
    torch.set_num_threads(1)
    learn, held, judged = (
        Lesson(*drawn_kinds(count, seed, SIDE_PX)) for count, seed in ((said.learn, 1), (500, 2), (said.judge, 3))
    )
    room = Room(learn, held, Classes(smoothing=0.05))
    meaning = Meaning("kinds", tuple(KINDS), (), Scaling())
    bench = Bench(SPEC, meaning, load_profile(PROFILE), list(learn.pictures[:CALIBRATION]))
    table = Table(bench, judged)
    print(HEADER)
    with forked_children():
        rows = _compressed(said, room, bench, table)
    if said.json:
        Path(said.json).write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    small, other, longer = rows[-3:]
    kept = small.smaller >= said.smaller and small.lost <= 2.0 and 0.80 <= rows[0].accuracy <= 0.97
    won, won_longer = (100 * (small.accuracy - one.accuracy) for one in (other, longer))
    print(
        f"{small.smaller:.1f} times smaller, {small.lost:+.1f} points lost; {won:+.1f} points against the same bytes "
        f"from a random start and as many epochs, {won_longer:+.1f} against as many epochs as all stages had together"
    )
    return 0 if kept and min(won, won_longer) >= 1.0 else 1


def _compressed(said: argparse.Namespace, room: Room, bench: Bench, table: Table) -> list[Row]:
    course = Course(
        steps=said.steps, batch=64, rate=3e-3, look_every=100, turn_degrees=180, mirror=True, seed=said.seed,
        taught=said.taught, temperature=said.temperature,
    )  # fmt: skip
    again = replace(course, steps=said.again, rate=2e-3)
    to_int8 = replace(course, steps=said.int8, rate=1e-4, look_every=50, warm_up=0.0)
    work = Path(said.work) if said.work else None

    def taught(name: str, network: Any, how: Course, teacher: Any = None) -> Any:
        kept = None if work is None else work / f"{name}.checkpoint"
        return train(network, room, how, teacher=teacher, checkpoint=kept).network

    def as_int8(name: str, network: Any, teacher: Any = None) -> Any:
        return plain(taught(name, quantisation_aware(folded(network)), to_int8, teacher))

    teacher = taught("float", build_network(SPEC, said.seed), course)
    source = float_bundle(folded(teacher), SPEC, bench.meaning)
    table.add("float", teacher, source)
    table.add("int8", teacher, bench.int8_of(teacher))
    smaller = pruned_to(teacher, example_of(SPEC), len(source.model) / said.smaller, bench.bytes_of)
    table.add(f"pruned by {smaller.share:.0%}, int8", smaller.network, bench.int8_of(bench.settled(smaller.network)))
    fresh = _afresh(smaller.network, said.seed)
    student = taught("distilled", smaller.network, again, teacher)
    table.add("+ distilled, int8", student, bench.int8_of(student))
    student = as_int8("int8", student, teacher)
    table.add("+ int8 in training", student, bench.int8_of(student))
    for name, label, steps in (
        ("alone", "its shape from scratch", said.again),
        ("longer", "the same, all stages' steps", said.steps + said.again),
    ):
        alone = taught(name, copy.deepcopy(fresh), replace(course, steps=steps))
        alone = as_int8(f"{name}-int8", alone)
        table.add(label, alone, bench.int8_of(alone))
    return table.rows


def _afresh(network: Any, seed: int) -> Any:
    """The same shape with a random start, as PyTorch begins a layer."""
    fresh = copy.deepcopy(network)
    torch.manual_seed(seed + 1)
    for layer in fresh.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return fresh


HEADER = f"{'':28}{'parameters':>11}{'bytes':>11}{'smaller':>9}{'accuracy':>10}{'lost':>7}{'ms':>8}{'after s':>9}"


def _line(row: Row) -> str:
    return (
        f"{row.step:28}{row.parameters:11,}{row.bytes:11,}{row.smaller:8.1f}×{row.accuracy:10.1%}{row.lost:7.1f}"
        f"{row.ms:8.3f}{row.seconds:9.0f}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", type=int, default=4000, help="pictures to learn from")
    parser.add_argument("--judge", type=int, default=2000, help="pictures to judge by")
    parser.add_argument("--steps", type=int, default=1200, help="of the float network")
    parser.add_argument("--again", type=int, default=1200, help="after pruning")
    parser.add_argument("--int8", type=int, default=200, help="as int8")
    parser.add_argument("--smaller", type=float, default=30.0, help="the float file's bytes over the last one's")
    parser.add_argument("--taught", type=float, default=0.9)
    parser.add_argument("--temperature", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", default="", help="a folder for checkpoints, to go on after a stop")
    parser.add_argument("--json", default="", help="a file to write the rows to")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
