"""Models that hang, die, answer nonsense."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Operator, Tensor
from converters.tflite import write_tflite
from edge_contracts.bundle import file_entries, read_bundle, write_bundle
from tests.fakes.models import BundleRecipe, brightness_graph, write_brightness_bundle
from tests.fakes.stations import THRESHOLD
from tests.system.faults.fault import Fault, Harm
from tests.system.faults.footprint import children
from tests.system.faults.source_faults import OtherMode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.faults.rig import Rig

NURSERY = "nursery_process"
ROOT_FROM = 0.2
"""The NaN model takes a square root of the brightness beyond this: of a dim picture there is none."""


class Signalled(Fault):
    """A signal to a process of the daemon's; the daemon mends what it does."""

    harm = Harm.COSTS
    lasts_s = 0.1
    number: signal.Signals

    def begin(self, rig: Rig) -> None:
        os.kill(self.victim(_nursery(rig)), self.number)

    def victim(self, nursery: int) -> int:
        """The process that is meant: the worker."""
        (worker,) = children(nursery)
        return worker


class WorkerHangs(Signalled):
    name = "backend hangs (SIGSTOP of its process)"
    number = signal.SIGSTOP


class WorkerAborts(Signalled):
    name = "backend calls abort() (SIGABRT)"
    number = signal.SIGABRT


class WorkerKilled(Signalled):
    name = "backend's process killed (out of memory)"
    number = signal.SIGKILL


class NurseryKilled(Signalled):
    name = "the process that starts backends killed"
    number = signal.SIGKILL

    def victim(self, nursery: int) -> int:
        return nursery


class NurseryHangs(Signalled):
    """Nobody needs it until a backend dies, which it does here, too."""

    name = "that process hangs, and a backend dies"
    number = signal.SIGKILL

    def begin(self, rig: Rig) -> None:
        os.kill(_nursery(rig), signal.SIGSTOP)
        super().begin(rig)


class AnswersNan(OtherMode):
    name = "model answers NaN"
    mode = "dim"

    def prepare(self, rig: Rig) -> None:
        _write_rooted_bundle(rig.folder / "part.bundle")


def _nursery(rig: Rig) -> int:
    assert rig.daemon is not None
    for child in children(rig.daemon.pid):
        with open(f"/proc/{child}/cmdline", "rb") as file:  # noqa: PTH123 - a file of /proc
            if NURSERY.encode() in file.read():
                return child
    raise AssertionError("the daemon has no process that starts backends")


def _write_rooted_bundle(path: Path) -> None:
    """Score = √(brightness − 0.2): higher is brighter still, and NaN below."""
    write_brightness_bundle(path, BundleRecipe(threshold=(THRESHOLD - ROOT_FROM) ** 0.5))
    graph = brightness_graph()
    float32 = np.dtype(np.float32)
    grey = graph.tensors["grey"]
    for name, values in {"beyond": None, "from": np.asarray([ROOT_FROM], np.float32)}.items():
        graph.tensors[name] = Tensor(name, grey.shape if values is None else (1,), float32, values)
    at = next(index for index, operator in enumerate(graph.operators) if operator.kind == "DIV")
    graph.operators[at : at + 1] = [
        Operator("SUB", ["grey", "from"], ["beyond"]),
        Operator("SQRT", ["beyond"], ["heat_map"]),
    ]
    members = {"model.tflite": write_tflite(graph)}
    manifest = read_bundle(path).manifest.model_copy(update={"files": file_entries(members)})
    write_bundle(path, manifest, members)


MODEL_FAULTS = (AnswersNan(), WorkerHangs(), WorkerAborts(), WorkerKilled(), NurseryKilled(), NurseryHangs())
