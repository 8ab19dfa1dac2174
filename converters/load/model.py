"""Whatever the user has (a float bundle, a TFLite or an ONNX file) as a float bundle in memory.

A bare model does not say what its numbers mean; `Description` carries what the user says, and the rest is read off the
network's own shape.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from converters.load.bundle import float_bundle
from converters.load.file_kind import FileKind, file_kind
from converters.load.onnx import onnx_interface
from converters.load.tflite import tflite_interface
from converters.lower import CannotLowerError, lower_model
from converters.tflite import read_tflite, write_tflite
from edge_contracts.bundle import Bundle, read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Manifest, ProvenanceStep

if TYPE_CHECKING:
    from pathlib import Path

    from converters.load.description import Description

LARGEST_MODEL_BYTES = 512 << 20
LOWER = "lower"
"""The provenance's name for the step from ONNX to TFLite."""


def load_model(path: Path, description: Description, *, pictures: bool, lower: bool = False) -> Bundle:
    """Read a model and say what it takes and gives.

    Args:
        path: a bundle made by `lepton train`, a float `.tflite` or a float `.onnx`; told apart by content, not by name.
        description: what the user says of a bare model; ignored for a bundle, which says it itself.
        pictures: whether its calibration data are pictures; decides what a 4-dimensional input means.
        lower: whether an ONNX model becomes a TFLite one, channels last.

    Raises:
        CannotLowerError: an ONNX model was to be lowered, and one of its nodes has no form in TFLite.
        BadInputError: nothing there, none of the three, already quantised, several inputs.
        BundleRejected: a damaged bundle.
    """
    kind = file_kind(path)
    if kind is FileKind.BUNDLE:
        return _checked(read_bundle(path), path)
    content = _read(path)
    imported = (_import_step(path, content),)
    if kind is FileKind.TFLITE:
        return _of_tflite(path, content, description, imported, pictures=pictures)
    return _of_onnx(path, content, description, imported, pictures=pictures, lower=lower)


def sample_axes(manifest: Manifest) -> tuple[int, ...]:
    """How arrays in the axes of the user's own model are transposed for a lowered one; empty where nothing is."""
    steps = [step for step in manifest.provenance if step.step == LOWER]
    return tuple(steps[-1].settings["input_axes"]) if steps else ()


def _of_tflite(
    path: Path, content: bytes, said: Description, steps: tuple[ProvenanceStep, ...], *, pictures: bool
) -> Bundle:
    interface = tflite_interface(read_tflite(content), path)
    return float_bundle("model.tflite", content, interface, said, steps, name=path.stem, pictures=pictures)


def _of_onnx(
    path: Path, content: bytes, said: Description, steps: tuple[ProvenanceStep, ...], *, pictures: bool, lower: bool
) -> Bundle:
    if not lower:
        interface = onnx_interface(content, str(path))
        return float_bundle("model.onnx", content, interface, said, steps, name=path.stem, pictures=pictures)
    try:
        made = lower_model(content, input_size=said.input_size)
    except CannotLowerError as error:
        raise CannotLowerError(f"{error}. To keep {path.name} as ONNX, give --format onnx") from error
    settings = {"input_axes": list(made.layouts[made.graph.inputs[0]])}
    steps = (*steps, ProvenanceStep(step=LOWER, tool="lepton", settings=settings))
    interface = tflite_interface(made.graph, path)
    written = write_tflite(made.graph)
    return float_bundle("model.tflite", written, interface, said, steps, name=path.stem, pictures=pictures)


def _import_step(path: Path, content: bytes) -> ProvenanceStep:
    return ProvenanceStep(step="import", tool="lepton", inputs={path.name: hashlib.sha256(content).hexdigest()})


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_MODEL_BYTES:
            raise BadInputError(f"wanted a model of at most {LARGEST_MODEL_BYTES} bytes, found {size} in {path}")
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(
            f"wanted a model to convert, found none at {path} ({error.strerror}); check the path"
        ) from error


def _checked(bundle: Bundle, path: Path) -> Bundle:
    if bundle.manifest.precision != "float32":
        raise BadInputError(
            f"wanted a float bundle to convert, found {path} in {bundle.manifest.precision} for "
            f"{bundle.manifest.profile}; convert the bundle that 'lepton train' wrote"
        )
    return bundle
