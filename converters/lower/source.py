"""An ONNX model made ready to lower: folded, every shape known, every value of one real inference at hand.

ONNX Runtime folds constants and batch norms offline; then the model runs once with every intermediate as an output.
What depends on shapes alone has its value from that run and is a constant from then on. What was wrongly taken for one
shows on a second input, to which the model as it was answers as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.isolation.scratch import scratch
from converters.lower.control_flow import captured, kinds_inside
from converters.lower.errors import CannotLowerError
from converters.lower.model_file import import_onnx, parse_model, stored_array
from converters.lower.node import Node
from edge_contracts.errors import BadInputError, MissingExtraError
from edge_runtime.infer.silent_onnxruntime import import_onnxruntime
from edge_runtime.infer.unsound import UNSOUND_FUSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

SEED, SECOND_SEED = 20_240_501, 20_240_502
"""Of the input on which values are read, and of the other one, on which the lowered model is compared as well."""

_ONNX_DOMAINS = ("", "ai.onnx")
_SHAPE_KINDS = ("Shape", "Size")
_RANDOM_KINDS = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"}
)


@dataclass(frozen=True, slots=True)
class Trial:
    """An input, and the outputs by name that the model as it was, before folding, gives for it."""

    given: Array
    answers: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Source:
    """The model as the rules read it.

    nodes: in run order, without those whose outputs are constants.
    constants: every value that does not depend on the input.
    values: each value in one inference of the folded model on `values[input_name]`, constants included.
    trials: the first of the very input of `values`, the second of another, from which no constant was taken.
    readers: how many slots and graph outputs read a value.
    """

    nodes: tuple[Node, ...]
    input_name: str
    outputs: tuple[str, ...]
    constants: Mapping[str, Array]
    values: Mapping[str, Array]
    trials: tuple[Trial, ...]
    readers: Mapping[str, int]

    def producer(self, name: str) -> Node | None:
        """The node that computes a value, None for the input and for constants."""
        return next((node for node in self.nodes if name in node.outputs), None)


def read_source(content: bytes, input_size: tuple[int, int] | None) -> Source:
    """Parse, fold and run an ONNX model.

    Raises:
        BadInputError: damaged, several inputs, open or absurd shapes, or ONNX Runtime does not run it.
        CannotLowerError: it has operators of another domain than ONNX's own.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    try:
        model = parse_model(content, input_size)
        _refuse_foreign(model)
        runtime = import_runtime()
        folded = _folded(runtime, model)
        given, outputs = model.graph.input[0], [value.name for value in model.graph.output]
        values = run_once(runtime, folded, given, [name for node in folded.graph.node for name in node.output if name])
        runs = _run_each(runtime, model, given, outputs, [SEED, SECOND_SEED])
        trials = tuple(Trial(found[given.name], {name: found[name] for name in outputs}) for found in runs)
        return _source(folded, values, trials, given.name)
    except UnicodeDecodeError as error:  # a name or a message that quotes one
        raise BadInputError(f"wanted names in UTF-8, found {error}; the file is damaged: export it again") from error


def import_runtime() -> Any:
    """The package onnxruntime, imported when it is needed.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_onnxruntime()
    except ImportError as error:
        raise MissingExtraError(
            f"wanted onnxruntime ({error}); install lepton-edge[convert] (in a checkout: pip install '.[convert]')"
        ) from error


def _refuse_foreign(model: Any) -> None:
    for node in model.graph.node:
        if node.domain not in _ONNX_DOMAINS:
            raise CannotLowerError(
                f"cannot lower node {node.name or node.output[0]!r} ({node.domain}.{node.op_type}) to TFLite: it is no "
                "operator of ONNX itself; export the model without custom operators and runtime optimisation"
            )


def session(runtime: Any, content: bytes, *, optimized: Path | None = None) -> Any:
    """An ONNX Runtime session on one thread; with `optimized`, the folded model is written there.

    Raises:
        BadInputError: ONNX Runtime does not load it.
    """
    options = runtime.SessionOptions()
    levels = runtime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_BASIC if optimized else levels.ORT_DISABLE_ALL
    if optimized:
        options.optimized_model_filepath = str(optimized)
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return runtime.InferenceSession(
            content,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=list(UNSOUND_FUSIONS) if optimized else None,
        )
    except _failures(runtime) as error:
        raise BadInputError(f"ONNX Runtime does not load this model: {_first_line(error)}; export it again") from error


def _folded(runtime: Any, model: Any) -> Any:
    onnx = import_onnx()
    with scratch("lower") as folder:
        path = folder / "folded.onnx"
        session(runtime, model.SerializeToString(), optimized=path)
        folded = onnx.load(path)
    # Should it fuse into operators of its own, the model as it was will do: constants are found by the run as well.
    is_foreign = any(node.domain not in _ONNX_DOMAINS for node in folded.graph.node)
    return model if is_foreign else folded


def run_once(runtime: Any, model: Any, given: Any, names: list[str]) -> dict[str, Array]:
    """The values of the given names, of the input and of the constants, in one inference on a drawn input.

    Raises:
        BadInputError: ONNX Runtime does not load or run the model.
    """
    return _run_each(runtime, model, given, names, [SEED])[0]


def _run_each(runtime: Any, model: Any, given: Any, names: list[str], seeds: Sequence[int]) -> list[dict[str, Array]]:
    """`run_once` on the input of each seed, all in one session."""
    open_model = import_onnx().ModelProto()
    open_model.CopyFrom(model)
    del open_model.graph.output[:]
    open_model.graph.output.extend(import_onnx().ValueInfoProto(name=name) for name in names)
    shape = tuple(int(size.dim_value) for size in given.type.tensor_type.shape.dim)
    constants = {item.name: stored_array(item) for item in model.graph.initializer}
    feeds = [{given.name: np.random.default_rng(seed).standard_normal(shape, np.float32)} for seed in seeds]
    if not names:
        return [constants | feed for feed in feeds]
    try:
        opened = session(runtime, open_model.SerializeToString())
        answers = [dict(zip(names, opened.run(names, feed), strict=True)) for feed in feeds]
    except _failures(runtime) as error:
        raise BadInputError(f"ONNX Runtime does not run this model: {_first_line(error)}; export it again") from error
    return [constants | feed | found for feed, found in zip(feeds, answers, strict=True)]


def _source(model: Any, values: dict[str, Array], trials: tuple[Trial, ...], input_name: str) -> Source:
    opset = next(entry.version for entry in model.opset_import if entry.domain in _ONNX_DOMAINS)
    constants = {item.name: values[item.name] for item in model.graph.initializer}
    for name, value in constants.items():
        if value.dtype.kind == "f" and np.isnan(value).any():
            raise BadInputError(f"wanted numbers as weights, found NaN in {name!r}; train or export the model again")
    nodes = []
    for node in (_node(stored, opset) for stored in model.graph.node):
        if _is_constant(node, constants):
            constants.update((name, values[name]) for name in node.outputs if name)
        else:
            nodes.append(node)
    outputs = tuple(value.name for value in model.graph.output)
    readers = Counter(name for node in nodes for name in node.inputs if name) + Counter(outputs)
    return Source(tuple(nodes), input_name, outputs, constants, values, trials, readers)


def _is_constant(node: Node, constants: Mapping[str, Array]) -> bool:
    if node.kind in _SHAPE_KINDS:
        return True
    kinds = {node.kind} | kinds_inside(node.attributes)
    read = {*node.inputs, *captured(node.attributes)} - {""}
    return not kinds & _RANDOM_KINDS and read <= constants.keys()


def _node(stored: Any, opset: int) -> Node:
    attributes = {attribute.name: _attribute(attribute) for attribute in stored.attribute}
    return Node(stored.name, stored.op_type, tuple(stored.input), tuple(stored.output), attributes, opset)


def _attribute(attribute: Any) -> Any:
    onnx = import_onnx()
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return stored_array(value) if isinstance(value, onnx.TensorProto) else value


def _failures(runtime: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its own errors know no common kind."""
    state = runtime.capi.onnxruntime_pybind11_state
    own = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    return (*own, state.RuntimeException, RuntimeError, ValueError, MemoryError)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
