"""Bundles that listen: a loudness meter of our own, and the anomaly detector of MLPerf Tiny with its real front end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite
from edge_contracts.bundle import file_entries, write_bundle
from edge_contracts.manifest import AnomalyRule, Manifest, Output, SeriesInput
from tests.fakes.sound_specs import toyadmos
from tests.fakes.sounds import RATE_HZ

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 800
"""A tenth of a second at `RATE_HZ`."""


def loudness_graph(samples: int = SAMPLES, *, divide_by: float = 1.0) -> Graph:
    """Float samples 1×N → score [1], the mean of their squares; division by 0: NaN or infinity."""
    float32 = np.dtype(np.float32)
    tensors = [
        Tensor("sound", (1, samples), float32),
        Tensor("squares", (1, samples), float32),
        Tensor("axis", (1,), np.dtype(np.int32), np.asarray([1], np.int32)),
        Tensor("mean", (1,), float32),
        Tensor("divisor", (1,), float32, np.asarray([divide_by], np.float32)),
        Tensor("score", (1,), float32),
    ]
    operators = [
        Operator("MUL", ["sound", "sound"], ["squares"]),
        Operator("MEAN", ["squares", "axis"], ["mean"], {"keep_dims": False}),
        Operator("DIV", ["mean", "divisor"], ["score"]),
    ]
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["sound"], ["score"])


def write_loudness_bundle(path: Path, *, threshold: float = 0.01, divide_by: float = 1.0, **spec: Any) -> str:
    """A real bundle whose score is the power of the samples, 0 to 1; returns its digest."""
    values: dict[str, Any] = {
        "tensor": "sound",
        "shape": (1, SAMPLES),
        "dtype": "float32",
        "rate_hz": RATE_HZ,
        "samples": SAMPLES,
        "step": SAMPLES,
    }
    taken = SeriesInput(**(values | spec))
    members = {"model.tflite": write_tflite(loudness_graph(taken.shape[1], divide_by=divide_by))}
    manifest = Manifest(
        name="loudness",
        sequence=1,
        task="anomaly",
        precision="float32",
        profile="x86-64",
        runtime="tflite",
        input=taken,
        outputs=(Output(tensor="score", role="score", shape=(1,), dtype="float32"),),
        rule=AnomalyRule(threshold=threshold),
        files=file_entries(members),
    )
    return write_bundle(path, manifest, members)


def write_anomaly_bundle(path: Path, data: Path, *, int8: bool = True, threshold: float = 20.0, **changes: Any) -> str:
    """MLPerf Tiny's autoencoder; its score is the mean squared error over the inputs of a window."""
    members = {
        "model.tflite": (data / "mlperf-tiny" / ("ad01_int8.tflite" if int8 else "ad01_fp32.tflite")).read_bytes()
    }
    stored: dict[str, Any] = {"dtype": "float32"}
    answered: dict[str, Any] = {"dtype": "float32"}
    if int8:
        stored = {"dtype": "int8", "quantisation": {"scale": 0.3910152316093445, "zero_point": 89}}
        answered = {"dtype": "int8", "quantisation": {"scale": 0.36449846625328064, "zero_point": 96}}
    manifest: dict[str, Any] = {
        "name": "toyadmos",
        "sequence": 1,
        "task": "reconstruction",
        "precision": "int8" if int8 else "float32",
        "profile": "x86-64" if int8 else "none",
        "runtime": "tflite",
        "input": toyadmos(**stored),
        "outputs": (Output(tensor="Identity", role="reconstruction", shape=(1, 640), **answered),),
        "rule": AnomalyRule(threshold=threshold),
        "files": file_entries(members),
    }
    return write_bundle(path, Manifest(**(manifest | changes)), members)
