"""A bare network as a float bundle in memory: what it takes, what it gives, and what the numbers mean."""

from __future__ import annotations

import hashlib
from difflib import get_close_matches
from math import prod
from typing import TYPE_CHECKING, Literal

from converters.load.description import slug
from converters.load.front_end import heard_input
from edge_contracts.bundle import Bundle, encode_manifest, file_entries
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, ClassRule, ImageInput, Manifest, NoRule, Output, TensorInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.load.description import Description
    from converters.load.interface import Interface
    from edge_contracts.manifest import ModelInput, ProvenanceStep

Role = Literal["probabilities", "logits", "reconstruction", "raw"]
Task = Literal["classification", "reconstruction", "raw"]

BATCHED_VECTOR = 2
PICTURE_RANK = 4
SMALLEST_PICTURE_PX = 16
SHOWN_LABELS = 12


def float_bundle(
    model_path: Literal["model.tflite", "model.onnx"],
    content: bytes,
    interface: Interface,
    said: Description,
    provenance: tuple[ProvenanceStep, ...],
    *,
    name: str,
    pictures: bool | None,
) -> Bundle:
    """Put a network into a bundle.

    Args:
        model_path: the member that holds the network; says what must run it.
        content: the network's file.
        interface: what it takes and gives.
        said: what the user says of it.
        provenance: how it was come by.
        name: for a bundle that the user gave none.
        pictures: whether an input of four dimensions is a picture; None where nothing tells, and its size decides.

    Raises:
        BadInputError: what the user says does not fit the network.
    """
    members: dict[str, bytes] = {model_path: content}
    outputs, task = outputs_of(interface, said)
    if said.of_classes and task != "classification":
        raise BadInputError(
            f"wanted a classifier (one output of shape 1×N) for {' and '.join(said.of_classes)}, found "
            f"{_found(interface, said)}; leave them out"
        )
    labels = _labels(said, outputs[0].shape[-1]) if task == "classification" else ()
    manifest = Manifest(
        name=said.name or slug(name),
        sequence=1,
        task=task,
        labels=labels,
        precision="float32",
        profile="none",
        runtime="onnx" if model_path == "model.onnx" else "tflite",
        input=_input(interface, said, pictures=pictures),
        outputs=outputs,
        rule=_rule(said, task, labels),
        files=file_entries(members),
        provenance=provenance,
    )
    return Bundle(manifest, hashlib.sha256(encode_manifest(manifest)).hexdigest(), members)


def outputs_of(interface: Interface, said: Description) -> tuple[tuple[Output, ...], Task]:
    """The outputs as a manifest has them, and what the model is for.

    Raises:
        BadInputError: the user says of the outputs what their shapes cannot be.
    """
    role, task = _meaning(interface, said)
    described = [
        Output(tensor=name, role=role, shape=shape, dtype="float32") for name, shape in interface.outputs.items()
    ]
    return tuple(described), task


def _meaning(interface: Interface, said: Description) -> tuple[Role, Task]:
    """What the outputs are: as the user says, else by their shape and what computes them."""
    first, *others = interface.outputs.values()
    of_classes = not others and len(first) == BATCHED_VECTOR and first[0] == 1 and first[1] > 1
    if said.gives in {"logits", "probabilities"} and not of_classes:
        raise BadInputError(
            f"wanted one output of shape 1×N for --gives {said.gives}, found {_found(interface)}; leave it out"
        )
    if said.gives == "numbers":
        return "raw", "raw"
    if said.gives:
        return said.gives, "classification"
    reconstructs = first == interface.input_shape and prod(first) > 1  # a single number is a curve's value
    if not others and reconstructs and interface.last != "softmax":
        return "reconstruction", "reconstruction"
    if of_classes:
        return ("logits" if interface.last == "other" else "probabilities"), "classification"
    return "raw", "raw"


def _found(interface: Interface, said: Description | None = None) -> str:
    told = " and --gives numbers" if said and said.gives == "numbers" else ""
    return f"outputs of shape {', '.join(str(shape) for shape in interface.outputs.values())}{told}"


def _rule(said: Description, task: str, labels: tuple[str, ...]) -> AnomalyRule | ClassRule | NoRule:
    if said.threshold is not None:
        if task != "reconstruction":
            raise BadInputError(
                "wanted a model that reconstructs its input (one output of its shape) for --threshold, found one that "
                "does not; leave it out"
            )
        return AnomalyRule(threshold=said.threshold)
    if not said.good or task != "classification":
        return NoRule()
    if strangers := sorted(set(said.good) - set(labels)):
        if not said.labels:
            raise BadInputError(
                f"wanted the names of the {len(labels)} classes beside --good {strangers[0]}, found none; give "
                "--labels, a text file with one name per line in the order of the output"
            )
        if meant := _meant(strangers[0], labels):
            raise BadInputError(
                f"wanted --good labels that the model has, found {_quoted(strangers)}; did you mean {meant!r}?"
            )
        known = _quoted(labels[:SHOWN_LABELS]) + (" …" if len(labels) > SHOWN_LABELS else "")
        raise BadInputError(f"wanted --good labels out of {known}, found {_quoted(strangers)}; mend the name")
    if several := [label for label in said.good if labels.count(label) > 1]:
        raise BadInputError(
            f"wanted --good labels that name one output each, found {_quoted(several)} more than once in --labels; "
            "make them differ in that file"
        )
    if set(said.good) == set(labels):
        raise BadInputError(
            f"wanted at least one class that makes a part defective, found all {len(labels)} in --good: such a bundle "
            "finds no defect; name the good ones alone"
        )
    return ClassRule(good=said.good)


def _quoted(labels: Sequence[str]) -> str:
    """Labels may have commas in them."""
    return ", ".join(repr(label) for label in labels)


def _meant(stranger: str, labels: Sequence[str]) -> str:
    """The label that a wrong one is nearest to, by its letters or as a part of it; empty for none."""
    by_text = {label.casefold(): label for label in reversed(labels)}
    near = get_close_matches(stranger.casefold(), list(by_text), 1)
    within = [text for text in by_text if stranger.casefold() in text]
    return by_text[(near or within)[0]] if near or within else ""


def _labels(said: Description, width: int) -> tuple[str, ...]:
    if said.labels and len(said.labels) != width:
        raise BadInputError(f"wanted {width} labels, one per output value, found {len(said.labels)}; mend the file")
    return said.labels or tuple(str(index) for index in range(width))


def _input(interface: Interface, said: Description, *, pictures: bool | None) -> ModelInput:
    shape = interface.input_shape
    if said.front_end:
        return heard_input(said.front_end, interface)
    could_be = len(shape) == PICTURE_RANK and _could_be_picture(*_picture_axes(interface))
    if not (could_be if pictures is None else pictures and len(shape) == PICTURE_RANK):
        if said.of_pictures:
            raise BadInputError(
                f"wanted pictures for {' and '.join(said.of_pictures)}, found an input of numbers of shape {shape}; "
                "calibrate with pictures, or prepare the arrays as the model wants them and leave that out"
            )
        return TensorInput(tensor=interface.input_name, shape=shape, dtype="float32")
    height, width, channels = _picture_axes(interface)
    if not could_be:
        raise BadInputError(f"wanted an input for pictures, found the shape {shape}; calibrate with .npy files instead")
    if shape[0] != 1:
        raise BadInputError(
            f"wanted a model that takes one picture at a time, found one that takes {shape[0]} at once; export it with "
            "a batch of 1"
        )
    if said.colour != "rgb" and (said.colour == "grey") != (channels == 1):
        raise BadInputError(
            f"wanted --colour {'grey' if channels == 1 else 'rgb or bgr'} for an input of {channels} channels, found "
            f"{said.colour}; mend --colour"
        )
    mean, std = said.byte_scaling(channels)
    return ImageInput(
        tensor=interface.input_name,
        height_px=height,
        width_px=width,
        colour="grey" if channels == 1 else said.colour,
        resize=said.resize,
        layout=interface.layout,
        dtype="float32",
        mean=mean,
        std=std,
    )


def _picture_axes(interface: Interface) -> tuple[int, int, int]:
    """Height, width and channels of an input of four dimensions."""
    _, *axes = interface.input_shape
    one, two, three = axes
    return (one, two, three) if interface.layout == "NHWC" else (two, three, one)


def _could_be_picture(height: int, width: int, channels: int) -> bool:
    return channels in {1, 3} and min(height, width) >= SMALLEST_PICTURE_PX
