"""Run int8 files against the float network's answers: agreement, signal to noise, latency in turns.

Each network is judged in a process of its own (`python judge.py FOLDER NETWORK FILE…`), and each file is first opened
and run once in another (`… --open`), because a runtime may abort on it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from tests.bench.convert.networks import NETWORKS

if TYPE_CHECKING:
    import numpy.typing as npt

    from tests.bench.convert.networks import Network

BLOCK_S, TURNS = 0.004, 60
"""A block runs one file for about so long; the files take turns, so that a busy machine is busy for all.

What is read is the processor time of the calling thread, in which both runtimes compute when told to use one: on an
idle machine that is the time that passes, and on a busy one the other processes do not count.
"""

SAME_BOX = 0.5
"""Intersection over union from which two boxes are the same find, as detection is scored."""

HELD = 0.5
"""A cell's score from which it is said to hold something."""

SCALES = ("scale", "zero_point")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one file does.

    agreement: share of judged inputs with the float network's choice; None where it chooses nothing.
    signal_to_noise_db: of the worst output.
    latency_ms: median over turns of one inference. latency_ratio: the first file's over this one's, median over turns.
    bytes, weight_bytes: the file, and its stored constants without scales and zero points.
    """

    agreement: float | None
    signal_to_noise_db: float
    latency_ms: float
    latency_ratio: float
    bytes: int
    weight_bytes: int


class Runner(Protocol):
    """A loaded file."""

    def run(self, value: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """The outputs as float32, in TFLite's axes."""

    def again(self) -> None:
        """One inference on the input of the last run."""


class TfliteRunner:
    """LiteRT with its default kernels (XNNPACK), one thread."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        # A converter may order outputs anew: signatures and names tell them apart.
        self._outputs = sorted(self._interpreter.get_output_details(), key=_output_place)

    def run(self, value):
        """See `Runner`."""
        self._interpreter.set_tensor(self._input["index"], _stored(self._input, value))
        # Each input by itself: a recurrent layer would remember the one before.
        self._interpreter.reset_all_variables()
        self._interpreter.invoke()
        return [_real(detail, self._interpreter.get_tensor(detail["index"])) for detail in self._outputs]

    def again(self):
        """See `Runner`."""
        self._interpreter.invoke()


class OnnxRunner:
    """ONNX Runtime on the processor, one thread."""

    def __init__(self, path: Path, axes: list[list[int]]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._name, self._axes, self._feed = self._session.get_inputs()[0].name, axes, {}

    def run(self, value):
        """See `Runner`."""
        self._feed = {self._name: value}
        answers = self._session.run(None, self._feed)
        return [answer.transpose(axes) if axes else answer for answer, axes in zip(answers, self._axes, strict=True)]

    def again(self):
        """See `Runner`."""
        self._session.run(None, self._feed)


def _output_place(detail: dict[str, Any]) -> int:
    """TensorFlow's twin calls its outputs `output_0`, `output_1`; other files keep the order of the float one."""
    name = str(detail["name"]).rsplit(":", 1)
    is_call = name[0].startswith("StatefulPartitionedCall") or name[0].startswith("PartitionedCall")
    return int(name[1]) if is_call and name[-1].isdigit() else 0


def _stored(detail: dict[str, Any], value: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    scale, zero = detail["quantization"]
    if detail["dtype"] == np.float32:
        return value.reshape(detail["shape"])
    lowest, highest = np.iinfo(detail["dtype"]).min, np.iinfo(detail["dtype"]).max
    steps = np.clip(np.rint(value / np.float32(scale)) + zero, lowest, highest)
    return steps.astype(detail["dtype"]).reshape(detail["shape"])


def _real(detail: dict[str, Any], value: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    scale, zero = detail["quantization"]
    return value if detail["dtype"] == np.float32 else (value.astype(np.float32) - zero) * np.float32(scale)


def judge(folder: Path, network: Network, files: list[Path]) -> list[Judgement]:
    """Judge files of one network; the first one is what the latency of the others is compared with."""
    runners = [_runner(folder, path) for path in files]
    with np.load(folder / "answers.npz") as stored:
        wanted = [stored[key] for key in stored.files]
    found = [_answers(runner, folder, path) for runner, path in zip(runners, files, strict=True)]
    blocks = _blocks(runners)
    return [
        Judgement(
            agreement=_agreement(network, wanted, answers),
            signal_to_noise_db=min(_decibel(a, b) for a, b in zip(wanted, answers, strict=True)),
            latency_ms=1000 * float(np.median(taken)),
            latency_ratio=float(np.median(blocks[0] / taken)),
            bytes=path.stat().st_size,
            weight_bytes=weight_bytes(path),
        )
        for path, answers, taken in zip(files, found, blocks, strict=True)
    ]


def _runner(folder: Path, path: Path) -> Runner:
    if path.suffix == ".tflite":
        return TfliteRunner(path)
    return OnnxRunner(path, json.loads((folder / "axes.json").read_text("utf-8")))


def _inputs(folder: Path, path: Path) -> npt.NDArray[np.float32]:
    return np.load(folder / ("judge_onnx.npy" if path.suffix == ".onnx" else "judge_tflite.npy"))


def _answers(runner: Runner, folder: Path, path: Path) -> list[npt.NDArray[np.float32]]:
    answers = (runner.run(value) for value in _inputs(folder, path))
    return [np.stack(output) for output in zip(*answers, strict=True)]


def _agreement(network: Network, wanted: list[npt.NDArray[Any]], found: list[npt.NDArray[Any]]) -> float | None:
    if network.judged_by == "signal":
        return None
    if network.judged_by == "cells":
        held = [answers[0][..., network.column] > HELD for answers in (wanted, found)]
        return float(np.mean(held[0] == held[1]))
    chosen = [_choice(network, answers[0]) for answers in (wanted, found)]
    if network.judged_by == "class":
        return float(np.mean(chosen[0] == chosen[1]))
    decode = network.decode or np.asarray
    boxes = [_boxes(decode(answers[1]), places) for answers, places in zip((wanted, found), chosen, strict=True)]
    return float(np.mean(_overlap(*boxes) >= SAME_BOX))


def _choice(network: Network, answer: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    scores = answer if network.judged_by == "class" else answer[..., network.column]
    return np.asarray(scores.reshape(len(scores), -1).argmax(axis=1))


def _boxes(answer: npt.NDArray[Any], places: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """N×4: the chosen box of each input."""
    return answer.reshape(len(answer), -1, 4)[np.arange(len(answer)), places]


def _overlap(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Intersection over union of boxes left, top, right, bottom."""
    sides = np.maximum(0, np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]))
    areas = [np.prod(np.maximum(0, box[:, 2:] - box[:, :2]), axis=1) for box in (a, b)]
    common = np.prod(sides, axis=1)
    return np.asarray(common / np.maximum(areas[0] + areas[1] - common, 1e-12))


def _decibel(wanted: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
    noise = float(np.square(wanted.astype(np.float64) - found.reshape(wanted.shape)).sum())
    signal = float(np.square(wanted, dtype=np.float64).sum())
    return 10 * float(np.log10(max(signal, 1e-30) / max(noise, 1e-30 * signal)))


def _blocks(runners: list[Runner]) -> npt.NDArray[np.float64]:
    """Seconds of one inference, files×turns; each turn begins with another file."""
    counts = []
    for runner in runners:
        _timed(runner, 5)
        counts.append(max(1, round(BLOCK_S / max(_timed(runner, 10), 1e-9))))
    taken = np.empty((len(runners), TURNS))
    for turn in range(TURNS):
        for place in range(len(runners)):
            chosen = (place + turn) % len(runners)
            taken[chosen, turn] = _timed(runners[chosen], counts[chosen])
    return taken


def _timed(runner: Runner, count: int) -> float:
    begin = time.thread_time()
    for _ in range(count):
        runner.again()
    return (time.thread_time() - begin) / count


def weight_bytes(path: Path) -> int:
    """Stored constants of a file, each once, scales and zero points left out."""
    if path.suffix == ".tflite":
        model = schema.Model.GetRootAs(path.read_bytes())
        graph = model.Subgraphs(0)
        used = {graph.Tensors(place).Buffer() for place in range(graph.TensorsLength())}
        # Within the file's flatbuffer, or behind it.
        return sum(model.Buffers(place).DataLength() or model.Buffers(place).Size() for place in used)
    graph = onnx.load(path).graph
    kept = (entry for entry in graph.initializer if not entry.name.endswith(SCALES))
    return sum(onnx.numpy_helper.to_array(entry).nbytes for entry in kept)


def main() -> None:
    """Judge, or only open, and print JSON."""
    folder, name, *files = sys.argv[1:]
    if files[0] == "--open":
        for path in map(Path, files[1:]):
            _runner(Path(folder), path).run(_inputs(Path(folder), path)[0])
        return
    network = next(network for network in NETWORKS if network.name == name)
    found = judge(Path(folder), network, [Path(file) for file in files])
    print(json.dumps({"judgements": [asdict(judgement) for judgement in found]}))


if __name__ == "__main__":
    main()
