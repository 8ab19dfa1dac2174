"""Whatever the user has (a bundle, TFLite, ONNX, Keras or PyTorch) as a float bundle in memory.

A bare model does not say what its numbers mean; `Description` carries what the user says, and the rest is read off the
network's own shape.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from converters.load.bundle import float_bundle
from converters.load.file_kind import FileKind, file_kind
from converters.load.keras import keras_to_tflite
from converters.load.onnx import onnx_interface
from converters.load.opening import open_first
from converters.load.tflite import tflite_interface
from converters.load.torch_export import is_import_path, module_to_onnx, program_to_onnx
from converters.tflite import read_tflite
from edge_contracts.bundle import Bundle, read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Manifest, ProvenanceStep

if TYPE_CHECKING:
    from pathlib import Path

    from converters.load.description import Description
    from converters.load.interface import Interface
    from converters.load.tool_environment import Progress

LARGEST_MODEL_BYTES = 512 << 20
EXPORT = "export"
"""The provenance's name for the step in which another tool wrote the network; its tool is a name and a version."""

LOWER = "lower"
"""The provenance's name for the step from ONNX to TFLite."""

_INPUT_SIZE = "input_size"


def load_model(
    path: Path,
    description: Description,
    *,
    pictures: bool | None,
    lower: bool = False,
    progress: Progress = lambda _stage, _done: None,
) -> Bundle:
    """Read a model and say what it takes and gives.

    Args:
        path: a bundle made by `lepton train`, a float `.tflite` or `.onnx`, a Keras `.keras` or `.h5`, a SavedModel
            folder, a program of `torch.export`; told apart by content, not by name. Or the import path of a PyTorch
            module, `package.module:factory` or `file.py:factory`.
        description: what the user says of a bare model; a bundle says it itself.
        pictures: whether its calibration data are pictures; decides what a 4-dimensional input means. None for random
            ones: then its size decides.
        lower: whether an ONNX model, or one that comes as ONNX from PyTorch, becomes a TFLite one, channels last.
        progress: told the stage and the fraction of it that is done, where a tool of its own is at work.

    Raises:
        CannotLowerError: an ONNX model was to be lowered, and one of its nodes has no form in TFLite.
        BadInputError: nothing there, none of these, already quantised, several inputs.
        BundleRejected: a damaged bundle.
        MissingExtraError: a PyTorch model, and no torch. ToolMissingError: a Keras model, and no TensorFlow to be had.
    """
    kind = None if is_import_path(path) else file_kind(path)
    if description.weights is not None and kind is not None:
        raise BadInputError(
            f"wanted the import path of a PyTorch module for these weights, found {kind.value} at {path}; give it as "
            "package.module:factory or file.py:factory"
        )
    if kind is FileKind.BUNDLE:
        return _bundle(path, description)
    network = _network(path, kind, description, progress)
    if network.model_path == "model.onnx" and lower:
        network = _lowered(path, network, description.input_size)
    if kind is FileKind.ONNX and not lower:
        # Before onnx's own checker sees it, too. A file that is lowered is run in a process of its own anyway.
        open_first(network.content, "onnx")
    interface = _interface(network, path)
    if kind is FileKind.TFLITE:
        open_first(network.content, "tflite")
    return float_bundle(
        network.model_path,
        network.content,
        interface,
        description,
        network.steps,
        name=path.stem,
        pictures=pictures,
    )


def sample_axes(manifest: Manifest) -> tuple[int, ...]:
    """How arrays in the axes of the user's own model are transposed for a lowered one; empty where nothing is."""
    steps = [step for step in manifest.provenance if step.step == LOWER]
    return tuple(steps[-1].settings["input_axes"]) if steps else ()


def used_input_size(manifest: Manifest) -> bool:
    """Whether loading made any use of the input size that the user gave."""
    return any(_INPUT_SIZE in step.settings for step in manifest.provenance)


@dataclass(frozen=True, slots=True)
class _Network:
    """A network's file, in one of the two forms that bundles hold, and how it was come by."""

    model_path: Literal["model.tflite", "model.onnx"]
    content: bytes
    steps: tuple[ProvenanceStep, ...]


def _bundle(path: Path, said: Description) -> Bundle:
    if asked := said.of_a_bare_model:
        raise BadInputError(
            f"wanted a bare model for {' and '.join(asked)}, found {path} to be a bundle, which says that itself; "
            "leave them out"
        )
    bundle = _checked(read_bundle(path), path)
    open_first(bundle.model, bundle.manifest.runtime)
    return bundle


def _network(path: Path, kind: FileKind | None, said: Description, progress: Progress) -> _Network:
    if kind is None:
        content, tool = module_to_onnx(path, said.input_size, said.weights)
        inputs = {str(path): hashlib.sha256(content).hexdigest()}
        if said.weights is not None:
            inputs[said.weights.name] = hashlib.sha256(_read(said.weights)).hexdigest()
        return _Network("model.onnx", content, (_export_step(tool, said.input_size, inputs),))
    if kind in {FileKind.KERAS, FileKind.HDF5, FileKind.SAVED_MODEL}:
        content, tool = keras_to_tflite(path, said.input_size, progress)
        return _Network("model.tflite", content, (_import_step(path), _export_step(tool, said.input_size)))
    if kind is FileKind.EXPORTED_PROGRAM:
        content, tool = program_to_onnx(path)
        return _Network("model.onnx", content, (_import_step(path), _export_step(tool, None)))
    if kind is FileKind.PICKLE:
        raise BadInputError(
            f"wanted a model without code, found a pickle of PyTorch (or TorchScript) in {path}, which runs code when "
            "it is read; give a state dict with --weights beside the module's import path (package.module:factory), or "
            "write the model with torch.export.save"
        )
    return _Network("model.tflite" if kind is FileKind.TFLITE else "model.onnx", _read(path), (_import_step(path),))


def _lowered(path: Path, network: _Network, size: tuple[int, int] | None) -> _Network:
    from converters.lower import CannotLowerError, lower_model  # noqa: PLC0415 - forty modules, for ONNX alone

    # An exporter that was told the size has fixed it.
    asked = size if not any(_INPUT_SIZE in step.settings for step in network.steps) else None
    try:
        made = lower_model(network.content, input_size=asked)
    except CannotLowerError as error:
        raise CannotLowerError(f"{error}. To keep {path.name} as ONNX, give --format onnx") from error
    settings: dict[str, Any] = {"input_axes": list(made.layouts[made.graph.inputs[0]])}
    if asked is not None:
        settings[_INPUT_SIZE] = list(asked)
    step = ProvenanceStep(step=LOWER, tool="lepton", settings=settings)
    return _Network("model.tflite", made.content, (*network.steps, step))


def _interface(network: _Network, path: Path) -> Interface:
    if network.model_path == "model.onnx":
        return onnx_interface(network.content, str(path))
    return tflite_interface(read_tflite(network.content), path)


def _export_step(tool: str, size: tuple[int, int] | None, inputs: dict[str, str] | None = None) -> ProvenanceStep:
    settings: dict[str, Any] = {} if size is None else {_INPUT_SIZE: list(size)}
    return ProvenanceStep(step=EXPORT, tool=tool, inputs=inputs or {}, settings=settings)


def _import_step(path: Path) -> ProvenanceStep:
    return ProvenanceStep(step="import", tool="lepton", inputs={path.name: _sha256(path)})


def _sha256(path: Path) -> str:
    """Of a file's bytes; of a folder, of the names and digests of its files."""
    if not path.is_dir():
        return hashlib.sha256(_read(path)).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    told = [(file.relative_to(path).as_posix(), hashlib.sha256(_read(file)).hexdigest()) for file in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


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
