"""A float ONNX model made ready: constants folded, normalisations fused, new enough, its biases rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.isolation.scratch import scratch
from converters.quantize.onnx.gemm_bias import settle_gemm_biases
from converters.quantize.onnx.unlike_parts import name_nodes
from edge_contracts.errors import BadInputError, MissingExtraError
from edge_runtime.infer.silent_onnxruntime import import_onnxruntime
from edge_runtime.infer.unsound import UNSOUND_FUSIONS

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 13
"""The first operator set with scales per channel; older models are brought up to it."""

IR_VERSION = 7
"""The file format that belongs to that operator set."""


@dataclass(frozen=True, slots=True)
class Packages:
    """onnx and onnxruntime, imported when they are needed."""

    onnx: Any
    runtime: Any

    @classmethod
    def load(cls) -> Packages:
        """Import both.

        Raises:
            MissingExtraError: one of them is not installed.
        """
        try:
            import onnx  # noqa: PLC0415  # heavy, and only ONNX models need it
            import onnx.shape_inference  # noqa: PLC0415
            import onnx.version_converter  # noqa: PLC0415

            onnxruntime = import_onnxruntime()
        except ImportError as error:
            raise MissingExtraError(
                f"wanted onnx and onnxruntime ({error}); install lepton-edge[convert] "
                "(in a checkout: pip install '.[convert]')"
            ) from error
        return cls(onnx, onnxruntime)

    def failures(self) -> tuple[type[Exception], ...]:
        """What a model that cannot be used makes these packages raise; ONNX Runtime's own know no common kind."""
        state = self.runtime.capi.onnxruntime_pybind11_state
        own = (
            state.Fail,
            state.InvalidArgument,
            state.InvalidGraph,
            state.InvalidProtobuf,
            state.NotImplemented,
            state.RuntimeException,
        )
        convert = self.onnx.version_converter.ConvertError
        return (*own, convert, RuntimeError, ValueError, TypeError, AttributeError)

    def session(self, content: bytes, *, folded_to: Path | None = None, as_written: bool = False) -> Any:
        """A session on the processor, one thread.

        Args:
            content: the model.
            folded_to: where the folded model is written; None for nowhere.
            as_written: node by node as the file has them, which means the same on every machine.
        """
        options = self.runtime.SessionOptions()
        if as_written:
            options.graph_optimization_level = self.runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
            # Else the real values of all weights are made first and held together.
            options.execution_order = self.runtime.ExecutionOrder.PRIORITY_BASED
        if folded_to is not None:
            options.graph_optimization_level = self.runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.optimized_model_filepath = str(folded_to)
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        return self.runtime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(UNSOUND_FUSIONS)
        )


def prepare(packages: Packages, content: bytes) -> Any:
    """The model, with shapes inferred and a name for every node.

    Raises:
        BadInputError: the model has more than one input or gives it back, or ONNX Runtime does not load it.
    """
    try:
        return _prepared(packages, content)
    except BadInputError:
        raise
    except packages.failures() as error:
        raise BadInputError(f"ONNX Runtime does not load this model: {first_line(error)}; export it again") from error


def _prepared(packages: Packages, content: bytes) -> Any:
    onnx = packages.onnx
    model = onnx.load_from_string(content)
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(inputs)}; export it with one")
    if inputs[0].name in {value.name for value in model.graph.output}:
        raise BadInputError(
            f"wanted outputs that the model computes, found its input {inputs[0].name!r} among them, on which ONNX "
            "Runtime's quantiser stumbles; export the model without that output, or give --format tflite"
        )
    # Constants that are also listed as inputs could be fed: nothing would be folded. Old files have to list them.
    model.ir_version = max(model.ir_version, IR_VERSION)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    if next(entry.version for entry in model.opset_import if not entry.domain) < OPSET:
        model = onnx.version_converter.convert_version(model, OPSET)
    with scratch("onnx") as folder:
        path = folder / "folded.onnx"
        packages.session(model.SerializeToString(), folded_to=path)
        folded = onnx.shape_inference.infer_shapes(onnx.load(path))
    settled = settle_gemm_biases(onnx, folded)
    name_nodes(settled)
    return settled


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
