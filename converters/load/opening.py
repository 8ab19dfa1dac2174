"""A foreign model is opened and run once in a process of its own, before this process opens it.

LiteRT and ONNX Runtime believe a file's shapes and indices; damaged files end the process that opens them
(docs/decisions/044-foreign-models.md). A child reads it with our own reader, opens it with every kernel set that the
converter uses, and runs it once. The child is this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from converters.execute import Kernels, Session
from converters.isolation.child import TIMEOUT_S, run_child, serve
from converters.isolation.scratch import scratch
from converters.quantize.prepare import prepare
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from edge_runtime.infer.interpreter import FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from converters.graph import Graph

Runtime = Literal["tflite", "onnx"]

SEED = 20_241_121

MOST_DISAGREEMENT = 0.05
"""Between kernel sets, as a share of an output's largest value. Float rounding makes 1e-5; a wrong kernel about 1."""

MOST_DISAGREEMENT_AFTER_INTEGERS = 0.3
"""The same where float operators work on what integer ones computed: kernels round to neighbouring integers, and a
detector's distances magnify that. Heat maps on a cut int8 MobileNetV2 differ by up to a tenth."""

_BYTES = (np.dtype(np.int8), np.dtype(np.uint8))
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
    with scratch("open") as home:
        (home / f"model.{runtime}").write_bytes(content)
        ending = run_child("converters.load.opening", home, len(content), timeout_s)
    if ending is not None:
        raise BadInputError(
            f"wanted a {runtime} model that a runtime can run, found one that takes the process with it: {ending}; the "
            "file is damaged or made to do harm: export it again"
        )


def _child(home: Path) -> None:
    path = next(home.glob("model.*"))
    {".tflite": run_tflite, ".onnx": run_onnx}[path.suffix](path.read_bytes())


def run_tflite(content: bytes) -> None:
    """Open and run a TFLite file here: as it is, and then in the form that the quantizer starts from.

    Raises:
        BadInputError: it is not well formed, LiteRT refuses it, its kernel sets give different answers, or tensors have
            other shapes than it says.
    """
    graph = read_tflite(content)
    limit = MOST_DISAGREEMENT_AFTER_INTEGERS if _computes_in_integers(graph) else MOST_DISAGREEMENT
    _refuse_disagreement(limit, *(_run_once(content, kernels) for kernels in _KERNELS))
    _refuse_false_shapes(graph, Session(content, Kernels.REFERENCE).shapes())
    prepared = write_tflite(prepare(graph))
    _refuse_disagreement(limit, *(_run_once(prepared, kernels) for kernels in _KERNELS))


def _computes_in_integers(graph: Graph) -> bool:
    """Whether an activation between two operators is int8 or uint8."""
    made = (graph.tensors[name] for operator in graph.operators for name in operator.outputs)
    return any(tensor.dtype in _BYTES and tensor.name not in graph.outputs for tensor in made)


def _refuse_false_shapes(graph: Graph, computed: Mapping[str, tuple[int, ...]]) -> None:
    """LiteRT computes shapes anew and believes those; what we fold and quantise believes the file's."""
    for name in (name for operator in graph.operators for name in operator.outputs):
        said, found = graph.tensors[name].shape, computed.get(name)
        if found is not None and -1 not in said and said != found:
            raise BadInputError(
                f"wanted tensor {name!r} to have the shape {said} that the file says, found that LiteRT computes "
                f"{found}: the file is damaged; export it again"
            )


def _refuse_disagreement(
    limit: float, xnnpack: Sequence[npt.NDArray[Any]], reference: Sequence[npt.NDArray[Any]]
) -> None:
    for place, (one, other) in enumerate(zip(xnnpack, reference, strict=True)):
        if one.dtype != np.dtype("f4") or not (np.isfinite(one).all() and np.isfinite(other).all()):
            continue
        apart = float(np.abs(one - other).max(initial=0)) / (float(np.abs(other).max(initial=0)) or 1.0)
        if apart > limit:
            raise BadInputError(
                f"wanted one answer from LiteRT's kernels, found that XNNPACK's and the reference ones differ by "
                f"{apart:.2g} of the largest value of output {place}: one of both is wrong on this model; export it "
                "in another form (XNNPACK multiplies a transposed value with itself wrongly), or report it"
            )


def _run_once(content: bytes, kernels: str) -> list[npt.NDArray[Any]]:
    try:
        interpreter = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=_KERNELS[kernels])
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], _drawn(detail["shape"], detail["dtype"]))
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
    except FAULTS as error:
        raise BadInputError(f"LiteRT does not run the model with its {kernels} kernels: {error}") from error


def _drawn(shape: npt.NDArray[np.int32], dtype: Any) -> npt.NDArray[Any]:
    """Values between 0 and 1; any bytes, as of a picture; zeros of wider integers, which may be indices."""
    random = np.random.default_rng(SEED)
    if np.dtype(dtype) in _BYTES:
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, tuple(shape), dtype, endpoint=True)
    values: npt.NDArray[Any] = random.random(tuple(shape)).astype(dtype)
    return values


def run_onnx(content: bytes) -> None:
    """Open and run an ONNX file here.

    Raises:
        BadInputError: it is damaged or absurd, keeps weights in another file, or ONNX Runtime refuses it.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    from converters.lower.model_file import parse_model  # noqa: PLC0415 - forty modules, for ONNX alone
    from converters.lower.source import import_runtime, run_once  # noqa: PLC0415

    model = parse_model(content, None)
    run_once(import_runtime(), model, model.graph.input[0], [value.name for value in model.graph.output])


if __name__ == "__main__":
    serve(_child)
