"""Bundles around int8 files that others made, their goldens recorded with the runtime's own reference kernels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.recipe import Recipe
from converters.tflite import read_tflite, write_tflite
from edge_contracts.bundle import file_entries, read_bundle, write_bundle
from edge_contracts.manifest import Golden, GoldenSet, Manifest, NoRule, Output, TensorInput, TensorQuantisation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_contracts.bundle import Bundle

MLPERF_TINY = {
    "anomaly": "ad01_int8.tflite",
    "keyword": "kws_ref_model.tflite",
    "person": "vww_96_int8.tflite",
    "cifar": "pretrainedResnet_quant.tflite",
}
"""The four tasks of the benchmark, by the files that it publishes."""

MLPERF_TINY_FLOAT = {
    "anomaly": "ad01_fp32.tflite",
    "keyword": "kws_ref_model_float32.tflite",
    "person": "vww_96_float.tflite",
    "cifar": "pretrainedResnet.tflite",
}
"""The same in float."""

STEPS = 2.5
"""How far a golden may lie apart; a converted bundle allows two steps and more."""


def mlperf_bundle(data: Path, task: str, path: Path, goldens: int = 3) -> Bundle:
    """One of the benchmark's int8 files with drawn inputs."""
    return micro_bundle((data / "mlperf-tiny" / MLPERF_TINY[task]).read_bytes(), path, task, goldens)


def with_int16(content: bytes) -> tuple[bytes, list[np.ndarray[Any, Any]]]:
    """A float network of one input with int16 activations, and drawn inputs as it stores them."""
    graph, random = read_tflite(content), np.random.default_rng(0)
    (name,) = graph.inputs
    shape = tuple(abs(size) for size in graph.tensors[name].shape)
    drawn = [random.uniform(-1, 1, shape).astype(np.float32) for _ in range(8)]
    recipe = Recipe(ranges=("min-max",), remedies=(), activations="int16")
    made = quantize(graph, [{name: values} for values in drawn], recipe).graph
    affine = Affine.of_tensor(made.tensors[name])
    return write_tflite(made), [affine.quantize(values) for values in drawn]


def reference_answers(content: bytes, values: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Every output as LiteRT's reference kernels store it."""
    interpreter = _interpreter(content)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def micro_bundle(content: bytes, path: Path, name: str = "part", goldens: int = 3, **changes: Any) -> Bundle:
    """A bundle of a TFLite file with one input, tolerances of two integer steps and a bit, and drawn goldens."""
    interpreter = _interpreter(content)
    given, asked = interpreter.get_input_details()[0], interpreter.get_output_details()
    members = {"model.tflite": content}
    recorded = []
    for number in range(goldens):
        values = _drawn(given, number)
        members[f"golden/{number}-input.npy"] = _npy(values)
        outputs = {}
        for place, (detail, stored) in enumerate(zip(asked, reference_answers(content, values), strict=True)):
            outputs[detail["name"]] = f"golden/{number}-output-{place}.npy"
            members[outputs[detail["name"]]] = _npy(_real(detail, stored))
        recorded.append(Golden(input=f"golden/{number}-input.npy", outputs=outputs))
    tolerance = {detail["name"]: detail["quantization"][0] * STEPS or 1e-5 for detail in asked}
    fields: dict[str, Any] = {
        "name": name,
        "sequence": 1,
        "task": "raw",
        "precision": "int8",
        "profile": "x86-64",
        "runtime": "tflite",
        "rule": NoRule(),
        "input": TensorInput(
            tensor=given["name"], shape=_shape(given), dtype=_dtype(given), quantisation=_affine(given)
        ),
        "outputs": _outputs(asked),
        "golden": GoldenSet(
            runtime="litert",
            runtime_version="any",
            kernels="reference",
            machine="any",
            tolerance=tolerance,
            goldens=tuple(recorded),
        ),
        "files": file_entries(members),
    }
    write_bundle(path, Manifest(**(fields | changes)), members)
    return read_bundle(path)


def _outputs(asked: Sequence[dict[str, Any]]) -> tuple[Output, ...]:
    return tuple(
        Output(tensor=one["name"], role="raw", shape=_shape(one), dtype=_dtype(one), quantisation=_affine(one))
        for one in asked
    )


def _interpreter(content: bytes) -> Any:
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    return interpreter


def _drawn(detail: dict[str, Any], seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    if detail["dtype"] is np.float32:
        return random.uniform(0, 1, detail["shape"]).astype(np.float32)
    limits = np.iinfo(detail["dtype"])
    return random.integers(limits.min, limits.max + 1, detail["shape"]).astype(detail["dtype"])


def _real(detail: dict[str, Any], stored: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    scale, zero_point = detail["quantization"]
    values = stored.astype(np.float32)
    return (values - zero_point) * np.float32(scale) if scale else values


def _affine(detail: dict[str, Any]) -> TensorQuantisation | None:
    scale, zero_point = detail["quantization"]
    return TensorQuantisation(scale=scale, zero_point=zero_point) if scale else None


def _shape(detail: dict[str, Any]) -> tuple[int, ...]:
    return tuple(detail["shape"].tolist())


def _dtype(detail: dict[str, Any]) -> Any:
    return np.dtype(detail["dtype"]).name


def _npy(values: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
