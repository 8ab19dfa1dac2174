"""The stages of a training, one after the other: learn, take channels out, learn to be int8.

Each later stage copies the answers of the network that the first one made. With a folder every stage keeps its
checkpoint there, and a training that was stopped goes on where it was; what another training left there is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from training.checkpoint import Checkpoint, fingerprint_of
from training.finetune.bundle import example_of
from training.finetune.loop import Trained, train
from training.finetune.pruning import Pruned, pruned, pruned_to
from training.finetune.quantisation import folded, plain, quantisation_aware
from training.networks.network import build_network
from training.networks.weights import load_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.finetune.course import Course
    from training.finetune.course_file import Unit
    from training.finetune.loop import Look, Room
    from training.networks.network import NetworkSpec
    from training.networks.weights import Taken, Weights

    Cost = Callable[[Any], float]
    Progress = Callable[[str, float], object]

CHOSEN = "pruned.checkpoint"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    spec: the network. train: how it learns first.
    prune: how it learns after channels were taken out; None to leave them. target: what it may cost then, in `unit`.
    quantise: how it learns to be int8; None to leave that to the converter.
    weights: to begin with; None for a random start.
    """

    spec: NetworkSpec
    train: Course
    prune: Course | None = None
    target: float = 0.0
    unit: Unit = "bytes"
    quantise: Course | None = None
    weights: Weights | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage made. name: `train`, `prune` or `quantise`. network: on the CPU, as its best look had it.

    share: of each layer's channels that went before this stage's learning.
    taken: what the first stage's network took of given weights; None without them.
    """

    name: str
    network: Any
    looks: tuple[Look, ...]
    best: Look
    share: float = 0.0
    taken: Taken | None = None


def run_stages(
    plan: Plan,
    room: Room,
    *,
    cost: Cost | None = None,
    folder: Path | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> tuple[Stage, ...]:
    """Do what a plan says.

    Args:
        plan: what.
        room: pictures and task.
        cost: of a network's int8 file, in the plan's unit; needed to prune.
        folder: for checkpoints; it exists. None to keep nothing.
        progress: told the stage and the fraction of it that is done.

    Raises:
        BadInputError: the pictures, the weights, a checkpoint or the target do not fit.
    """
    network = build_network(plan.spec, plan.train.seed)
    taken = None if plan.weights is None else load_weights(network, plan.weights)
    stages = [replace(_stage("train", network, room, plan.train, None, folder, progress), taken=taken)]
    teacher = stages[0].network
    if plan.prune is not None:
        if cost is None:
            raise BadInputError("wanted what a network costs, to prune it to a target, found no measure; give one")
        progress("search", 0.0)
        smaller = _smaller(teacher, plan, room, cost, folder)
        progress("search", 1.0)
        stages.append(_stage("prune", smaller.network, room, plan.prune, teacher, folder, progress, smaller.share))
    if plan.quantise is not None:
        last = stages[-1]
        aware = quantisation_aware(folded(last.network))
        done = _stage("quantise", aware, room, plan.quantise, teacher, folder, progress, last.share)
        stages.append(replace(done, network=plain(done.network)))
    return tuple(stages)


def _stage(
    name: str,
    network: Any,
    room: Room,
    course: Course,
    teacher: Any,
    folder: Path | None,
    progress: Progress,
    share: float = 0.0,
) -> Stage:
    done: Trained = train(
        network,
        room,
        course,
        teacher=teacher,
        checkpoint=None if folder is None else folder / f"{name}.checkpoint",
        progress=lambda step, steps: progress(name, step / steps),
    )
    return Stage(name, done.network, done.looks, done.best, share)


def _smaller(network: Any, plan: Plan, room: Room, cost: Cost, folder: Path | None) -> Pruned:
    """The pruned network; which share was chosen is kept, because milliseconds are not the same twice."""
    example = example_of(plan.spec)
    facts = (plan.spec, plan.target, plan.unit, *room.facts())
    kept = None if folder is None else Checkpoint(folder / CHOSEN, fingerprint_of(facts, (network,)))
    if kept is not None and (chosen := kept.read()) is not None:
        return Pruned(pruned(network, example, chosen["share"]), chosen["share"], chosen["reached"])
    found = pruned_to(network, example, plan.target, cost)
    if kept is not None:
        kept.write({"share": found.share, "reached": found.reached})
    return found
