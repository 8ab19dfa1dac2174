"""Whatever the user has (a float bundle, a TFLite or an ONNX file) as a float bundle in memory.

A bare model does not say what its numbers mean; `Description` carries what the user says, and the rest is read off the
network's own shape.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from converters.load.onnx import onnx_interface
from converters.lower import CannotLowerError, lower_model
from converters.tflite import read_tflite, write_tflite
from edge_contracts.bundle import Bundle, encode_manifest, file_entries, read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import (
    ClassRule,
    ImageInput,
    Manifest,
    NoRule,
    Output,
    ProvenanceStep,
    TensorInput,
)

if TYPE_CHECKING:
    from pathlib import Path

    from converters.graph import Graph

LARGEST_MODEL_BYTES = 512 << 20
BATCHED_VECTOR = 2
PICTURE_RANK = 4
SMALLEST_PICTURE_PX = 16
FULL_BYTE = 255.0
LOWER = "lower"
"""The provenance's name for the step from ONNX to TFLite."""
SHOWN_LABELS = 12

_TFLITE_MARK = b"TFL3"
_ZIP_MARK = b"PK\x03\x04"
_ONNX_FIRST_FIELDS = (0x08, 0x0A, 0x12, 0x3A)

Resize = Literal["nearest", "bilinear", "area", "bilinear-antialias"]
Colour = Literal["rgb", "bgr", "grey"]
Format = Literal["tflite", "onnx"]


@dataclass(frozen=True, slots=True)
class Description:
    """What a bare model does not say of itself.

    labels: names of the classes, in the order of the output; empty for 0, 1, 2 …
    good: the labels that let a part pass; empty for a model that measures and does not judge.
    pixel_range: the real values that the network expects for byte 0 and byte 255.
    input_size: height and width in pixels, for an ONNX model that leaves them open.
    """

    name: str = ""
    labels: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    pixel_range: tuple[float, float] = (0.0, 1.0)
    colour: Colour = "rgb"
    resize: Resize = "area"
    input_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """What a network takes and gives, batch 1.

    outputs: tensor name to shape, in the network's order.
    ends_in_softmax: whether its first output is already a distribution.
    layout: where a picture's channels stand.
    """

    input_name: str
    input_shape: tuple[int, ...]
    outputs: dict[str, tuple[int, ...]]
    ends_in_softmax: bool
    layout: Literal["NHWC", "NCHW"]


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
    content = _read(path)
    if path.is_dir() or content.startswith(_ZIP_MARK):
        return _checked(read_bundle(path), path)
    if content[4:8] == _TFLITE_MARK:
        interface, model_path = tflite_interface(read_tflite(content), path), "model.tflite"
    elif content[:1] and content[0] in _ONNX_FIRST_FIELDS and not _is_text(content):
        if lower:
            return _lowered(path, content, description, pictures=pictures)
        interface, model_path = Interface(*onnx_interface(content, str(path))), "model.onnx"
    else:
        raise BadInputError(
            f"wanted a bundle, a .tflite or an .onnx model, found {_impression(content)} in {path}; "
            "export the float model to TFLite or ONNX, or make one with 'lepton train'"
        )
    imported = (_import_step(path, content),)
    return _as_bundle(path, content, model_path, interface, description, imported, pictures=pictures)


def sample_axes(manifest: Manifest) -> tuple[int, ...]:
    """How arrays in the axes of the user's own model are transposed for a lowered one; empty where nothing is."""
    steps = [step for step in manifest.provenance if step.step == LOWER]
    return tuple(steps[-1].settings["input_axes"]) if steps else ()


def _lowered(path: Path, content: bytes, said: Description, *, pictures: bool) -> Bundle:
    try:
        made = lower_model(content, input_size=said.input_size)
    except CannotLowerError as error:
        raise CannotLowerError(f"{error}. To keep {path.name} as ONNX, give --format onnx") from error
    settings = {"input_axes": list(made.layouts[made.graph.inputs[0]])}
    steps = (_import_step(path, content), ProvenanceStep(step=LOWER, tool="lepton", settings=settings))
    interface = tflite_interface(made.graph, path)
    return _as_bundle(path, write_tflite(made.graph), "model.tflite", interface, said, steps, pictures=pictures)


def _import_step(path: Path, content: bytes) -> ProvenanceStep:
    return ProvenanceStep(step="import", tool="lepton", inputs={path.name: hashlib.sha256(content).hexdigest()})


def tflite_interface(graph: Graph, path: Path) -> Interface:
    """What a TFLite network takes and gives.

    Raises:
        BadInputError: several inputs, or an input that is not float.
    """
    if len(graph.inputs) != 1:
        raise BadInputError(f"wanted a model with one input, found {len(graph.inputs)} in {path}; export it with one")
    taken = graph.tensors[graph.inputs[0]]
    if taken.dtype != "float32":
        raise BadInputError(
            f"wanted a float model, found {path} with an input of {taken.dtype}: it is quantised already; "
            "give the float model that it was made from"
        )
    unknown = [name for name in graph.outputs if -1 in _batch_one(graph.tensors[name].shape)]
    if unknown or -1 in _batch_one(taken.shape):
        raise BadInputError(
            f"wanted static shapes apart from the batch, found an open size in {', '.join(unknown) or taken.name} "
            f"of {path}; export the model with a fixed input size"
        )
    last = next((o for o in graph.operators if graph.outputs[0] in o.outputs), None)
    return Interface(
        taken.name,
        _batch_one(taken.shape),
        {name: _batch_one(graph.tensors[name].shape) for name in graph.outputs},
        ends_in_softmax=last is not None and last.kind == "SOFTMAX",
        layout="NHWC",
    )


def _read(path: Path) -> bytes:
    if path.is_dir():
        return b""
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


def _as_bundle(
    path: Path,
    content: bytes,
    model_path: str,
    interface: Interface,
    said: Description,
    provenance: tuple[ProvenanceStep, ...],
    *,
    pictures: bool,
) -> Bundle:
    members = {model_path: content}
    outputs, task = _outputs(interface)
    width = next(iter(interface.outputs.values()))[-1]
    labels = _labels(said, width) if task == "classification" else ()
    manifest = Manifest(
        name=said.name or slug(path.stem),
        sequence=1,
        task=task,
        labels=labels,
        precision="float32",
        profile="none",
        runtime="onnx" if model_path.endswith(".onnx") else "tflite",
        input=_input(interface, said, pictures=pictures),
        outputs=outputs,
        rule=_rule(said, task, labels),
        files=file_entries(members),
        provenance=provenance,
    )
    return Bundle(manifest, hashlib.sha256(encode_manifest(manifest)).hexdigest(), members)


def slug(text: str) -> str:
    """A name as bundles have it: 1 to 32 of a-z, 0-9 and '-'."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-") or "model"


def _outputs(interface: Interface) -> tuple[tuple[Output, ...], Literal["classification", "reconstruction", "raw"]]:
    role: Literal["probabilities", "logits", "reconstruction", "raw"] = "raw"
    task: Literal["classification", "reconstruction", "raw"] = "raw"
    first = next(iter(interface.outputs.values()))
    if len(interface.outputs) == 1 and first == interface.input_shape and not interface.ends_in_softmax:
        role, task = "reconstruction", "reconstruction"
    elif len(interface.outputs) == 1 and len(first) == BATCHED_VECTOR and first[1] > 1:
        role, task = ("probabilities" if interface.ends_in_softmax else "logits"), "classification"
    described = [
        Output(tensor=name, role=role, shape=shape, dtype="float32") for name, shape in interface.outputs.items()
    ]
    return tuple(described), task


def _rule(said: Description, task: str, labels: tuple[str, ...]) -> ClassRule | NoRule:
    if not said.good or task != "classification":
        return NoRule()
    if strangers := sorted(set(said.good) - set(labels)):
        known = ", ".join(labels[:SHOWN_LABELS]) + (" …" if len(labels) > SHOWN_LABELS else "")
        raise BadInputError(f"wanted --good labels out of {known}, found {', '.join(strangers)}; mend the name")
    return ClassRule(good=said.good)


def _labels(said: Description, width: int) -> tuple[str, ...]:
    if said.labels and len(said.labels) != width:
        raise BadInputError(f"wanted {width} labels, one per output value, found {len(said.labels)}; mend the file")
    return said.labels or tuple(str(index) for index in range(width))


def _input(interface: Interface, said: Description, *, pictures: bool) -> ImageInput | TensorInput:
    shape = interface.input_shape
    if not (pictures and len(shape) == PICTURE_RANK):
        return TensorInput(tensor=interface.input_name, shape=shape, dtype="float32")
    height, width, channels = shape[1:] if interface.layout == "NHWC" else (*shape[2:], shape[1])
    if channels not in {1, 3} or min(height, width) < SMALLEST_PICTURE_PX:
        raise BadInputError(f"wanted an input for pictures, found the shape {shape}; calibrate with .npy files instead")
    low, high = said.pixel_range
    std = FULL_BYTE / (high - low)
    return ImageInput(
        tensor=interface.input_name,
        height_px=height,
        width_px=width,
        colour="grey" if channels == 1 else said.colour,
        resize=said.resize,
        layout=interface.layout,
        dtype="float32",
        mean=(-low * std + 0.0,),
        std=(std,),
    )


def _batch_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1, *shape[1:]) if shape and shape[0] == -1 else shape


def _is_text(content: bytes) -> bool:
    head = content[:512]
    return bool(head) and all(byte in b"\t\n\r\f" or byte >= 0x20 for byte in head)  # noqa: PLR2004 - ASCII's blank


def _impression(content: bytes) -> str:
    if not content:
        return "an empty file"
    return "a text file" if _is_text(content) else f"a file that begins with {content[:4].hex(' ')}"
