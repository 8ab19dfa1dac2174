"""One float network in every form that a contender takes, with its inputs, in a folder of its own.

source          as the user has it: `.tflite` or `.onnx`; ours reads this one
float.tflite    its constants as float32, with a signature; ONNX sources are lowered by our own compiler
graph.npz       the same, for `peers/tensorflow_twin.py`
float.onnx      the source, or a twin of a TFLite source (`onnx_twin`)
calibrate_*.npy, judge_*.npy    N×1×…, in TFLite's and in ONNX's axes
calibrate/      one `.npy` per calibrating input, in the source's own axes
answers.npz     the float network's answers to the judging inputs (LiteRT, float32)
axes.json       for each output, which axis of ONNX's answer each axis of TFLite's is (none: the same)
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import version_converter

from converters.execute import Kernels, run_all
from converters.lower import lower_model
from converters.passes import run_passes
from converters.quantize.prepare import PREPARATION
from converters.tflite import read_tflite, write_tflite
from tests.bench.convert.onnx_twin import NoTwinError, onnx_twin

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from converters.graph import Graph
    from tests.bench.convert.networks import Network

GIVEN = ("fix shapes", "restore constants", "fuse activations", "drop what is unused")
"""Those of the compiler's preparations that only make a file readable: peers are given no other."""

PICTURE_RANK = 4
FIRST_PER_CHANNEL = 13
"""The operator set from which ONNX has scales per channel: ONNX Runtime writes files that it does not load below it."""


@dataclass(frozen=True, slots=True)
class Forms:
    """folder: where the files lie. source: the user's. no_onnx: why there is no `float.onnx`; empty if there is."""

    folder: Path
    source: Path
    no_onnx: str

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name


def write_forms(network: Network, source: Path, lesson: Path, data: Path, folder: Path) -> Forms:
    """Write every form of one network, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "calibrate").mkdir(parents=True)
    content = source.read_bytes()
    graph, layouts = _float_graph(source, content)
    axes = layouts.get(graph.inputs[0], ())
    (folder / "axes.json").write_text(json.dumps([layouts.get(name, ()) for name in graph.outputs]), "utf-8")
    inputs = _inputs(network, lesson, data)
    for side, values in zip(("calibrate", "judge"), inputs, strict=True):
        tflite = _transposed(values[:, None], axes)
        np.save(folder / f"{side}_tflite.npy", tflite)
        np.save(folder / f"{side}_onnx.npy", values[:, None] if source.suffix == ".onnx" else _channels_second(tflite))
    for place, value in enumerate(inputs[0]):
        np.save(folder / "calibrate" / f"{place:04}.npy", value)
    _write_tflite(graph, folder)
    return Forms(folder, source, _write_onnx(graph, source, content, folder))


def _float_graph(source: Path, content: bytes) -> tuple[Graph, dict[str, tuple[int, ...]]]:
    """The float graph for the peers; by input and output, which axis of the source's each of its axes is."""
    if source.suffix == ".tflite":
        return as_given(read_tflite(content)), {}
    made = lower_model(content)
    return made.graph, {name: tuple(axes) for name, axes in made.layouts.items()}


def as_given(graph: Graph) -> Graph:
    """A float TFLite network in the form that every peer reads, without what our quantiser improves for itself."""
    given = replace(graph, tensors=dict(graph.tensors), operators=list(graph.operators))
    by_name = {step.name: step for step in PREPARATION}
    run_passes(given, [by_name[name] for name in GIVEN])
    return given


def _inputs(network: Network, lesson: Path, data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if network.inputs is not None:
        return network.inputs(data)
    with np.load(lesson) as stored:
        return stored["calibrate"], stored["judge"]


def _transposed(values: npt.NDArray[np.float32], axes: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """N×1×…, its inner axes in the order `axes`."""
    return np.ascontiguousarray(values.transpose(0, *(1 + axis for axis in axes))) if axes else values


def _channels_second(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(np.moveaxis(values, -1, 2)) if values.ndim == PICTURE_RANK + 1 else values


def _write_tflite(graph: Graph, folder: Path) -> None:
    content = write_tflite(graph)
    (folder / "float.tflite").write_bytes(content)
    judge = np.load(folder / "judge_tflite.npy")
    answers = run_all(content, [{graph.inputs[0]: value} for value in judge], Kernels.XNNPACK)
    outputs = {f"{place:02}": np.stack(values) for place, values in enumerate(zip(*answers, strict=True))}
    np.savez(folder / "answers.npz", **outputs)
    np.savez(folder / "first.npz", **{key: values[0] for key, values in outputs.items()})
    np.save(folder / "first.npy", judge[0])
    np.savez(folder / "graph.npz", **portable(graph))


def portable(graph: Graph) -> dict[str, Any]:
    """The graph as one JSON text and its constants by number, for a process without our packages."""
    numbers = {name: place for place, name in enumerate(graph.tensors)}
    document = {
        "tensors": [{"shape": list(tensor.shape)} for tensor in graph.tensors.values()],
        "operators": [
            {
                "kind": operator.kind,
                "options": operator.options,
                "inputs": [None if name is None else numbers[name] for name in operator.inputs],
                "outputs": [numbers[name] for name in operator.outputs],
            }
            for operator in graph.operators
        ],
        "inputs": [numbers[name] for name in graph.inputs],
        "outputs": [numbers[name] for name in graph.outputs],
    }
    held = {f"c{numbers[name]}": tensor.data for name, tensor in graph.tensors.items() if tensor.data is not None}
    return {"graph": np.asarray(json.dumps(document)), **held}


def _write_onnx(graph: Graph, source: Path, content: bytes, folder: Path) -> str:
    if source.suffix == ".onnx":
        (folder / "float.onnx").write_bytes(_with_fixed_weights(content))
        return ""
    try:
        (folder / "float.onnx").write_bytes(onnx_twin(graph))
    except NoTwinError as error:
        return str(error)
    return ""


def _with_fixed_weights(content: bytes) -> bytes:
    """As ONNX Runtime wants it: weights not listed as inputs too (else it folds nothing), a new enough operator set."""
    model = onnx.load_from_string(content)
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    # From file format 4 on weights need not be inputs.
    model.ir_version = max(model.ir_version, 4)
    version = next(entry.version for entry in model.opset_import if not entry.domain)
    if version < FIRST_PER_CHANNEL:
        model = version_converter.convert_version(model, FIRST_PER_CHANNEL)
    return model.SerializeToString()
