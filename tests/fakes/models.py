"""Small real models: written by our own writer, run by the real runtime. The score is the picture's mean brightness."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import write_tflite
from edge_contracts.bundle import CARD, file_entries, write_bundle
from edge_contracts.known_parts import KNOWN_GOOD
from edge_contracts.manifest import AnomalyRule, Golden, GoldenSet, ImageInput, Manifest, Output, ScoreReference

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 8
CELLS = 4


def brightness_graph(*, divide_by: float = 1.0) -> Graph:
    """Camera bytes int8 1×8×8×3 → heat map 1×4×4×1 (brightness 0–1) and score [1], its mean; division by 0: NaN."""
    float32, int8, int32 = np.dtype(np.float32), np.dtype(np.int8), np.dtype(np.int32)
    quantisation = Quantization(np.asarray([1 / 255], np.float32), np.asarray([-128], np.int64))
    tensors = [
        Tensor("image", (1, SIDE, SIDE, 3), int8, None, quantisation),
        Tensor("real", (1, SIDE, SIDE, 3), float32),
        Tensor("pooled", (1, CELLS, CELLS, 3), float32),
        Tensor("channel_axis", (1,), int32, np.asarray([3], np.int32)),
        Tensor("grey", (1, CELLS, CELLS, 1), float32),
        Tensor("divisor", (1,), float32, np.asarray([divide_by], np.float32)),
        Tensor("heat_map", (1, CELLS, CELLS, 1), float32),
        Tensor("all_axes", (3,), int32, np.asarray([1, 2, 3], np.int32)),
        Tensor("score", (1,), float32),
    ]
    pool = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    operators = [
        Operator("DEQUANTIZE", ["image"], ["real"]),
        Operator("AVERAGE_POOL_2D", ["real"], ["pooled"], pool),
        Operator("MEAN", ["pooled", "channel_axis"], ["grey"], {"keep_dims": True}),
        Operator("DIV", ["grey", "divisor"], ["heat_map"]),
        Operator("MEAN", ["heat_map", "all_axes"], ["score"], {"keep_dims": False}),
    ]
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["image"], ["score", "heat_map"])


def undecided_graph() -> Graph:
    """A float classifier of pictures that no int8 model follows: its three answers lie closer than one int8 step.

    Float picture 1×16×16×3, 0–1 → answer c is 100 × the mean brightness + the mean of channel c.
    """
    float32 = np.dtype(np.float32)
    weights = np.full((3, 3), 100, np.float32) + np.eye(3, dtype=np.float32)
    tensors = [
        Tensor("image", (1, 16, 16, 3), float32),
        Tensor("rows_and_columns", (2,), np.dtype(np.int32), np.asarray([1, 2], np.int32)),
        Tensor("means", (1, 3), float32),
        Tensor("weights", (3, 3), float32, weights),
        Tensor("answers", (1, 3), float32),
    ]
    operators = [
        Operator("MEAN", ["image", "rows_and_columns"], ["means"], {"keep_dims": False}),
        Operator("FULLY_CONNECTED", ["means", "weights", None], ["answers"], {"fused_activation_function": "NONE"}),
    ]
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["image"], ["answers"])


@dataclass(frozen=True, slots=True)
class BundleRecipe:
    """What a test may ask of a bundle."""

    threshold: float = 0.5
    divide_by: float = 1.0
    golden_score: float | None = None
    teachable: bool = False
    card: bytes | None = None
    changes: dict[str, Any] = field(default_factory=dict)


def write_brightness_bundle(path: Path, recipe: BundleRecipe | None = None) -> str:
    """A real bundle whose score is the mean brightness, 0 to 1; returns its digest."""
    asked = recipe or BundleRecipe()
    graph = brightness_graph(divide_by=asked.divide_by)
    members = {"model.tflite": write_tflite(_with_features(graph) if asked.teachable else graph)}
    outputs = (
        Output(tensor="score", role="score", shape=(1,), dtype="float32"),
        Output(tensor="heat_map", role="heat-map", shape=(1, CELLS, CELLS, 1), dtype="float32"),
    )
    rule = AnomalyRule(threshold=asked.threshold)
    if asked.teachable:
        rows = known_rows()
        members |= {KNOWN_GOOD: _npy(rows)}
        outputs = (*outputs, Output(tensor="row", role="features", shape=(1, CELLS * CELLS), dtype="float32"))
        quantiles = tuple(np.quantile(rows.mean(axis=1), np.linspace(0, 1, 5)).tolist())
        rule = AnomalyRule(threshold=asked.threshold, reference=ScoreReference(quantiles=quantiles, samples=len(rows)))
    golden = None
    if asked.golden_score is not None:
        half = np.zeros((1, SIDE, SIDE, 3), np.int8)
        members |= {
            "golden/0.npy": _npy(half),
            "golden/0-score.npy": _npy(np.asarray([asked.golden_score], np.float32)),
        }
        golden = GoldenSet(
            runtime="litert",
            runtime_version="any",
            kernels="xnnpack",
            machine="x86_64",
            tolerance={"score": 1e-5},
            goldens=(Golden(input="golden/0.npy", outputs={"score": "golden/0-score.npy"}),),
        )
    if asked.card is not None:
        members[CARD] = asked.card
    values: dict[str, Any] = {
        "name": "brightness",
        "sequence": 1,
        "task": "anomaly",
        "precision": "float32",
        "profile": "x86-64",
        "runtime": "tflite",
        "input": ImageInput(
            tensor="image",
            height_px=SIDE,
            width_px=SIDE,
            dtype="int8",
            std=(255.0,),
            quantisation={"scale": 1 / 255, "zero_point": -128},
        ),
        "outputs": outputs,
        "rule": rule,
        "golden": golden,
        "files": file_entries(members),
    }
    return write_bundle(path, Manifest(**(values | asked.changes)), members)


def known_rows(count: int = 20) -> np.ndarray:
    """What the model's features of good parts are: 4×4 places between a brightness of 90 and of 110, float32."""
    random = np.random.default_rng(0)
    rows = random.uniform(90, 110, (count, 1)) + random.normal(0, 2, (count, CELLS * CELLS))
    return (rows / 255).astype(np.float32)


def _with_features(graph: Graph) -> Graph:
    shape = np.asarray([1, CELLS * CELLS], np.int32)
    graph.tensors["row_shape"] = Tensor("row_shape", (2,), np.dtype(np.int32), shape)
    graph.tensors["row"] = Tensor("row", (1, CELLS * CELLS), np.dtype(np.float32))
    options = {"new_shape": [1, CELLS * CELLS]}
    graph.operators.append(Operator("RESHAPE", ["heat_map", "row_shape"], ["row"], options))
    graph.outputs.append("row")
    return graph


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
