"""A foreign model is opened and run once in a process of its own, before this process opens it.

LiteRT and ONNX Runtime believe a file's shapes and indices; damaged files end the process that opens them
(docs/decisions/044-foreign-models.md). A child reads it with our own reader, opens it with every kernel set that the
converter uses, and runs it once. The child is this module.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from converters.child import TIMEOUT_S, run_child, serve
from converters.lower.model_file import parse_model
from converters.lower.source import import_runtime, run_once
from converters.quantize.prepare import prepare
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    import numpy.typing as npt

Runtime = Literal["tflite", "onnx"]

SEED = 20_241_121

_KERNELS = {"XNNPACK": OpResolverType.BUILTIN, "reference": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}


def open_first(content: bytes, runtime: Runtime, timeout_s: float = TIMEOUT_S) -> None:
    """Say nothing if a model from outside can be opened and run.

    Args:
        content: the bytes of a TFLite or an ONNX file.
        runtime: which of both.
        timeout_s: how long it may take.

    Raises:
        BadInputError: our reader or the runtime refuses the file, or the runtime dies of it, hangs, or wants more
            memory than such a file may have.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    with TemporaryDirectory(prefix="lepton-open-") as folder:
        home = Path(folder)
        (home / f"model.{runtime}").write_bytes(content)
        ending = run_child("converters.opening", home, len(content), timeout_s)
    if ending is not None:
        raise BadInputError(
            f"wanted a {runtime} model that a runtime can run, found one that takes the process with it: {ending}; the "
            "file is damaged or made to do harm: export it again"
        )


def _child(home: Path) -> None:
    path = next(home.glob("model.*"))
    {".tflite": run_tflite, ".onnx": run_onnx}[path.suffix](path.read_bytes())


def run_tflite(content: bytes) -> None:
    """Open and run a TFLite file here: as it is, and in the form that the quantizer starts from.

    Raises:
        BadInputError: it is not well formed, or LiteRT refuses it.
    """
    prepared = write_tflite(prepare(read_tflite(content)))
    for kernels in _KERNELS:
        for form in (content, prepared):
            _run_once(form, kernels)


def _run_once(content: bytes, kernels: str) -> None:
    try:
        interpreter = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=_KERNELS[kernels])
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], _drawn(detail["shape"], detail["dtype"]))
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise BadInputError(f"LiteRT does not run the model with its {kernels} kernels: {error}") from error


def _drawn(shape: npt.NDArray[np.int32], dtype: Any) -> npt.NDArray[Any]:
    """Values between 0 and 1; zeros where the model wants integers, which may be indices."""
    values: npt.NDArray[Any] = np.random.default_rng(SEED).random(tuple(shape)).astype(dtype)
    return values


def run_onnx(content: bytes) -> None:
    """Open and run an ONNX file here.

    Raises:
        BadInputError: it is damaged or absurd, keeps weights in another file, or ONNX Runtime refuses it.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    model = parse_model(content, None)
    run_once(import_runtime(), model, model.graph.input[0], [value.name for value in model.graph.output])


if __name__ == "__main__":
    serve(_child)
