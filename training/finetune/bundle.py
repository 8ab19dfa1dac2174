"""A trained network as a float bundle, which `lepton convert` takes, and as the int8 file that a board would get."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from converters.artefact import make_artefact
from converters.calibration.samples import Sample, picture_sample
from converters.load.tflite import tflite_interface
from converters.load.torch_export import network_to_onnx
from converters.lower.lowering import lower_model
from converters.wishes import BEST, Wishes
from edge_contracts.bundle import LEARNED, Bundle, encode_manifest, file_entries
from edge_contracts.manifest import (
    AreaRule,
    BoxHead,
    BoxRule,
    ClassRule,
    ImageInput,
    Manifest,
    NoRule,
    Output,
    PixelHead,
    ProvenanceStep,
    SoundInput,
)
from training.networks.anchor_free import BINS, STRIDES
from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.artefact import Artefact
    from device_profiles.board import Profile
    from training.checks.learned_parts import LearnedParts
    from training.finetune.lesson import Scaling
    from training.networks.network import NetworkSpec

MODEL = "model.tflite"
_ROLES: dict[str, Any] = {"classes": "logits", "masks": "class-map", "boxes": "candidates"}
_TASKS: dict[str, Any] = {"classes": "classification", "masks": "segmentation", "boxes": "detection"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a network's numbers mean.

    name: the bundle's. labels: of its outputs, in order; of masks the first is the background.
    good: the classes that let a part pass; for masks and boxes whatever is found makes a defect.
    scaling: what it gets for a byte.
    heard: the front end of a network that listens; None for pictures.
    """

    name: str
    labels: tuple[str, ...]
    good: tuple[str, ...]
    scaling: Scaling
    heard: SoundInput | None = None

    def float_input(self, spec: NetworkSpec, tensor: str = "input") -> ImageInput | SoundInput:
        """How a picture or a recording becomes the float network's input, by the board's own preprocessing."""
        if self.heard is not None:
            return self.heard.model_copy(update={"tensor": tensor})
        return ImageInput(
            tensor=tensor,
            height_px=spec.height_px,
            width_px=spec.width_px,
            colour="grey" if spec.channels == 1 else "rgb",
            dtype="float32",
            mean=self.scaling.mean,
            std=self.scaling.std,
        )


def example_of(spec: NetworkSpec) -> Any:
    """A typical input with batch 1."""
    return torch.zeros(1, spec.channels, spec.height_px, spec.width_px)


def sample_of(seen: npt.NDArray[np.uint8], spec: ImageInput | SoundInput, scaling: Scaling, name: str = "") -> Sample:
    """What a network learned from, as the float network gets it.

    Args:
        seen: H×W×3 uint8 RGB; of a recording H×W×1, its spectra as bytes.
        spec: of `Meaning.float_input`.
        scaling: the network's.
        name: for messages.
    """
    if isinstance(spec, ImageInput):
        return picture_sample(seen, spec, name)
    values = (seen.astype(np.float32) - np.float32(scaling.mean[0])) / np.float32(scaling.std[0])
    return Sample(np.asarray(values.reshape(spec.shape), np.float32), name)


def float_bundle(
    network: Any,
    spec: NetworkSpec,
    meaning: Meaning,
    provenance: tuple[ProvenanceStep, ...] = (),
    learned: LearnedParts | None = None,
) -> Bundle:
    """Export a network, lower it to TFLite and say what it means, and by what the learned pictures are known again.

    Raises:
        BadInputError, CannotLowerError: the network has a part that torch's exporter or the converter has no form for.
    """
    content, tool = network_to_onnx(network.eval(), example_of(spec), spec.name)
    lowered = lower_model(content)
    members = {MODEL: lowered.content, **({LEARNED: learned.encoded()} if learned else {})}
    interface = tflite_interface(lowered.graph, Path(spec.name))
    ((tensor, shape),) = interface.outputs.items()
    task = NETWORKS[spec.name].task
    head, rule = _judging(task, meaning, "NHWC" if shape[-1] == spec.outputs else "NCHW")
    manifest = Manifest(
        name=meaning.name,
        sequence=1,
        task=_TASKS[task],
        labels=meaning.labels,
        precision="float32",
        profile="none",
        runtime="tflite",
        input=meaning.float_input(spec, interface.input_name),
        outputs=(Output(tensor=tensor, role=_ROLES[task], shape=shape, dtype="float32"),),
        head=head,
        rule=rule,
        files=file_entries(members),
        provenance=(*provenance, ProvenanceStep(step="export", tool=tool)),
    )
    return Bundle(manifest, hashlib.sha256(encode_manifest(manifest)).hexdigest(), members)


def int8_artefact(bundle: Bundle, samples: Sequence[Sample], profile: Profile, rule: str = BEST) -> Artefact:
    """The file that a board would get, all of it int8.

    Args:
        bundle: of `float_bundle`.
        samples: to calibrate with.
        profile: the board.
        rule: how ranges of activations are chosen; the best of all rules, or one where only size and time count.
    """
    wishes = Wishes(mixed_precision="off", calibration_rule=rule)
    return make_artefact(bundle, samples, profile, lambda _stage, _done: None, wishes)


def _judging(task: str, meaning: Meaning, layout: Any) -> tuple[Any, Any]:
    """Head and rule: how the outputs are read, and what makes a part good."""
    if task == "masks":
        return PixelHead(values="scores", layout=layout), AreaRule()
    if task == "boxes":
        return BoxHead(boxes="distances", scores="sigmoid", strides=STRIDES, bins=BINS), BoxRule()
    return None, ClassRule(good=meaning.good) if meaning.good else NoRule()
