"""The sound files that mutants are made of: small, and of every form that the converter reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np

from converters.load import Description, load_model
from converters.lower.lowering import lower_model
from converters.quantize import quantize
from converters.tflite import write_tflite
from edge_contracts.bundle import write_bundle
from tests.converters.lower.test_families import FAMILIES
from tests.converters.lower.test_refusals import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["onnx", "tflite", "bundle"]

REAL = (
    "onnx/mnist/model.onnx",
    "tflite-micro/hello_world_float.tflite",
    "tflite-micro/trained_lstm.tflite",
    "tflite-micro/micro_speech_quantized.tflite",
    "tflite-micro/audio_preprocessor_int8.tflite",
    "mlperf-tiny/kws_ref_model_float32.tflite",
)
"""Of the folder of real data; none above 60 kB, so that a mutant takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound file."""

    name: str
    kind: Kind
    content: bytes


def corpus(data: Path | None) -> tuple[Sound, ...]:
    """Drawn networks as ONNX, as float TFLite, one in int8, one as a bundle; and real files where there are any."""
    drawn = {"convolutional": DAMAGED, **{family.__name__: family()[0] for family in FAMILIES}}
    lowered = {name: lower_model(content).graph for name, content in drawn.items()}
    first = lowered["convolutional"]
    shape = first.tensors[first.inputs[0]].shape
    int8 = quantize(first, [np.random.default_rng(0).random(shape, np.float32) for _ in range(2)])
    files = [Path(data, name) for name in REAL] if data else []
    written = write_tflite(first)
    return (
        *(Sound(name, "onnx", content) for name, content in drawn.items()),
        *(Sound(name, "tflite", write_tflite(graph)) for name, graph in lowered.items()),
        Sound("int8", "tflite", int8.content),
        Sound("float", "bundle", _bundle(written)),
        *(Sound(path.stem, _kind(path), path.read_bytes()) for path in files),
    )


def _kind(path: Path) -> Kind:
    return "onnx" if path.suffix == ".onnx" else "tflite"


def _bundle(model: bytes) -> bytes:
    with TemporaryDirectory(prefix="lepton-fuzz-") as folder:
        path = Path(folder, "float.tflite")
        path.write_bytes(model)
        bundle = load_model(path, Description(), pictures=False)
        write_bundle(path.with_suffix(".bundle"), bundle.manifest, bundle.members)
        return path.with_suffix(".bundle").read_bytes()


def names(sounds: Sequence[Sound]) -> str:
    """One line that tells what the mutants are made of."""
    return ", ".join(f"{sound.name} ({sound.kind}, {len(sound.content):,} B)" for sound in sounds)
