"""What each activation of a float ONNX model is like over real inputs: extremes and a histogram.

The model runs once over the samples with every float intermediate as an output. ONNX Runtime's own calibrators run it
once per method and know no least squared error; one observation serves every range rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.quantize.activation import Activation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from converters.quantize.activation import Observation
    from converters.quantize.onnx.prepare import Packages


def observe_onnx(
    packages: Packages,
    model: Any,
    samples: Sequence[npt.NDArray[np.float32]],
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Observation]:
    """Observe the input and every float value that a prepared model computes.

    Args:
        packages: onnx and onnxruntime.
        model: as `prepare` gives it.
        samples: inputs of the model's own shape.
        progress: told the fraction done, 0 to 1.

    Raises:
        BadInputError: the model gives NaN or infinity.
    """
    given = model.graph.input[0].name
    names = _float_values(packages, model)
    session = packages.session(_opened(packages, model, names).SerializeToString())
    seen = {name: Activation(name, len(samples)) for name in (given, *names)}
    for place, sample in enumerate(samples):
        values = [sample, *session.run(names, {given: sample})]
        for name, value in zip(seen, values, strict=True):
            seen[name].add(place, value)
        progress((place + 1) / len(samples))
    return {name: activation.observation() for name, activation in seen.items()}


def _float_values(packages: Packages, model: Any) -> list[str]:
    known = {info.name: info.type.tensor_type.elem_type for info in (*model.graph.value_info, *model.graph.output)}
    computed = [name for node in model.graph.node for name in node.output if name]
    return [name for name in computed if known.get(name) == packages.onnx.TensorProto.FLOAT]


def _opened(packages: Packages, model: Any, names: Sequence[str]) -> Any:
    opened = packages.onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    opened.graph.output.extend(packages.onnx.ValueInfoProto(name=name) for name in names)
    return opened
