"""What the converter's tests share: small graphs, and the older runtime that some boards have."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.graph import Graph, Operator, Tensor
from converters.isolation.forking import PRELOADED, PRELOADED_FOR_ONNX, forked_children
from tests.system.required import require_tflite_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    Array = np.ndarray[Any, Any]
    Run = tuple[bytes, Sequence[Mapping[str, Array]]]

# Runs every model*.tflite of a folder over its feeds, in input order, and saves the outputs.
TFLITE_SCRIPT = """
import sys, pathlib
import numpy as np
from tflite_runtime.interpreter import Interpreter
home = pathlib.Path(sys.argv[1])
for model in sorted(home.glob("*.tflite")):
    interpreter = Interpreter(str(model), num_threads=1)
    interpreter.allocate_tensors()
    feeds, answers = np.load(model.with_suffix(".feeds.npz")), {}
    for place in range(int(feeds["count"])):
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], feeds["%d|%s" % (place, detail["name"])])
        interpreter.invoke()
        for output, detail in enumerate(interpreter.get_output_details()):
            answers["%d|%d" % (place, output)] = interpreter.get_tensor(detail["index"])
    np.savez(model.with_suffix(".answers.npz"), **answers)
"""


@pytest.fixture(scope="module")
def warm_children() -> Iterator[None]:
    """One process forks the children of all tests of a module, as in a conversion, instead of one for each call."""
    with forked_children():
        yield


@pytest.fixture(scope="module")
def warm_onnx_children() -> Iterator[None]:
    """`warm_children` of a process that has loaded what ONNX models need, too, as the command's has."""
    with forked_children(PRELOADED + PRELOADED_FOR_ONNX):
        yield


@pytest.fixture
def tflite_runtime(tmp_path: Path) -> Callable[[Sequence[Run]], list[list[list[Array]]]]:
    """Runs models with tflite-runtime in an environment of its own; skips by name without one.

    Takes (model, feeds) pairs; gives the outputs per model, feed and output.
    """
    python = require_tflite_python()

    def run(runs: Sequence[Run]) -> list[list[list[Array]]]:
        for number, (content, feeds) in enumerate(runs):
            stem = tmp_path / f"{number:03}"
            stem.with_suffix(".tflite").write_bytes(content)
            named: dict[str, Any] = {f"{p}|{name}": feed[name] for p, feed in enumerate(feeds) for name in feed}
            np.savez(stem.with_suffix(".feeds.npz"), count=len(feeds), **named)
        command = [python, "-c", TFLITE_SCRIPT, str(tmp_path)]
        child = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert child.returncode == 0, child.stderr
        return [_answers(tmp_path / f"{number:03}.answers.npz", len(feeds)) for number, (_, feeds) in enumerate(runs)]

    return run


def _answers(path: Path, count: int) -> list[list[Array]]:
    with np.load(path) as stored:
        outputs = sum(name.startswith("0|") for name in stored.files)
        return [[stored[f"{place}|{output}"] for output in range(outputs)] for place in range(count)]


@pytest.fixture(scope="session")
def one_operator() -> Callable[..., Graph]:
    """Draws a float graph of one operator.

    Called with the operator's kind, its input slots (a shape for an activation, an array for a constant), its output
    shapes and its options. Activations are called `in0`, `in1`..., outputs `out0`...
    """
    return draw


def draw(kind: str, slots: Sequence[Any], outputs: Sequence[tuple[int, ...]], **options: Any) -> Graph:
    graph = Graph({}, [], [], [f"out{place}" for place in range(len(outputs))])
    names: list[str | None] = []
    for place, slot in enumerate(slots):
        is_constant = isinstance(slot, np.ndarray)
        name = f"{'c' if is_constant else 'in'}{place}"
        names.append(name)
        dtype = slot.dtype if is_constant else np.dtype("f4")
        shape = slot.shape if is_constant else tuple(slot)
        graph.tensors[name] = Tensor(name, shape, dtype, slot if is_constant else None)
        if not is_constant:
            graph.inputs.append(name)
    for name, shape in zip(graph.outputs, outputs, strict=True):
        graph.tensors[name] = Tensor(name, shape, np.dtype("f4"))
    graph.operators.append(Operator(kind, names, list(graph.outputs), options))
    return graph
