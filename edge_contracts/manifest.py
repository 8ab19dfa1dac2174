"""The bundle's manifest: everything that a board must know to feed a model and to read what it says.

Preprocessing is data here because it moves accuracy by whole points. The manifest lists every file of the bundle that
forms its identity with its hash, so the SHA-256 of `manifest.json` is the bundle's digest.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from edge_contracts.identifiers import Sha256, Slug

MANIFEST_VERSION = 1
MODEL_PATHS = ("model.tflite", "model.onnx")

Finite = Annotated[float, Field(allow_inf_nan=False)]
Dtype = Literal["uint8", "int8", "int16", "int32", "int64", "float32"]
Shape = Annotated[tuple[Annotated[int, Field(ge=1, le=1 << 24)], ...], Field(max_length=8)]
MemberPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?$")]


class Part(BaseModel):
    """A piece of the manifest; unknown keys are errors, because a board must not half-understand a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorQuantisation(Part):
    """real = scale × (stored − zero_point), one pair for the whole tensor."""

    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    zero_point: int


class ImageInput(Part):
    """A picture: the camera's H×W×3 uint8 RGB frame becomes the model's input by these rules and no others.

    The frame is cut to the station's region, brought to `height_px` × `width_px` with `resize`, put in `colour`
    order; each byte p of channel c becomes (p − mean[c]) / std[c], is quantised if `quantisation` is given, and stored
    as `dtype`.

    Attributes:
        resize: nearest, bilinear (two samples per axis), area (box average), bilinear-antialias (triangle filter
            widened by the reduction).
        fit: stretch ignores the aspect; nothing else exists yet.
        layout: order of the axes of the model's input tensor; the batch is 1.
    """

    kind: Literal["image"] = "image"
    tensor: str
    height_px: Annotated[int, Field(ge=1, le=8192)]
    width_px: Annotated[int, Field(ge=1, le=8192)]
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
    resize: Literal["nearest", "bilinear", "area", "bilinear-antialias"] = "area"
    fit: Literal["stretch"] = "stretch"
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    dtype: Dtype
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = (1.0,)
    quantisation: TensorQuantisation | None = None

    @property
    def channels(self) -> int:
        """Channels of the model's input: 1 for grey, else 3."""
        return 1 if self.colour == "grey" else 3

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The input tensor's shape, batch first."""
        if self.layout == "NHWC":
            return (1, self.height_px, self.width_px, self.channels)
        return (1, self.channels, self.height_px, self.width_px)

    @model_validator(mode="after")
    def _per_channel_values_fit(self) -> ImageInput:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in {1, self.channels}:
                raise ValueError(f"wanted 1 or {self.channels} values of {name}, found {len(values)}")
        if (self.dtype == "float32") == (self.quantisation is not None):
            raise ValueError(f"an input of {self.dtype} {'has no' if self.quantisation else 'needs a'} quantisation")
        return self


class TensorInput(Part):
    """Numbers that need no picture: sensor windows, spectrograms, features; given in real units, float32.

    With `quantisation` the predictor quantises real values; values that already have `dtype` go in as they are.
    """

    kind: Literal["tensor"] = "tensor"
    tensor: str
    shape: Shape
    dtype: Dtype
    quantisation: TensorQuantisation | None = None


class Output(Part):
    """One output tensor and what it means.

    Attributes:
        role: `score` one number per inspection; `heat-map` 1×h×w×1; `probabilities` and `logits` one value per label;
            `reconstruction` has the input's shape; `raw` is handed out and not judged.
    """

    tensor: str
    role: Literal["score", "heat-map", "probabilities", "logits", "reconstruction", "raw"]
    shape: Shape
    dtype: Dtype
    quantisation: TensorQuantisation | None = None


class AnomalyRule(Part):
    """Defect when the score reaches the threshold."""

    kind: Literal["anomaly"] = "anomaly"
    threshold: Finite


class ClassRule(Part):
    """Good when the best label is one of `good`; unknown when its probability is below `min_confidence`."""

    kind: Literal["classes"] = "classes"
    good: Annotated[tuple[str, ...], Field(min_length=1)]
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5


class NoRule(Part):
    """The model measures and does not judge; a station cannot inspect with it."""

    kind: Literal["none"] = "none"


class FileEntry(Part):
    """A member of the bundle that belongs to its identity."""

    path: MemberPath
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Golden(Part):
    """A recorded input and what the artefact answered.

    Attributes:
        input: `.npy` member, in the model's own input shape and dtype.
        outputs: output tensor name to `.npy` member, dequantised float32.
    """

    input: MemberPath
    outputs: Annotated[dict[str, MemberPath], Field(min_length=1)]


class GoldenSet(Part):
    """The goldens, the runtime and kernels that recorded them, and how far another run may lie.

    Attributes:
        tolerance: output tensor name to the largest absolute difference allowed, in the output's real unit.
    """

    runtime: Literal["litert", "tflite", "onnx"]
    runtime_version: str
    kernels: str
    machine: str
    tolerance: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    goldens: tuple[Golden, ...]


class ProvenanceStep(Part):
    """One step from data to bundle: what ran, on what, with which settings."""

    step: str
    tool: str
    inputs: dict[str, str] = {}
    settings: dict[str, Any] = {}


class Manifest(Part):
    """One bundle.

    Attributes:
        sequence: rises with each release of `name`; a board never goes below its floor.
        precision: what the weights mostly are.
        profile: the board that the bundle was made for, or `none` for a float bundle on its way to one.
        runtime: what must run the model.
        operators: operator name to how often it occurs.
        arena_bytes: activation memory as planned at conversion, None where it was not measured.
    """

    version: Literal[1] = 1
    name: Slug
    sequence: Annotated[int, Field(ge=1)]
    task: Literal["anomaly", "classification", "reconstruction", "raw"]
    labels: tuple[str, ...] = ()
    precision: Literal["float32", "float16", "int8", "mixed"]
    profile: Slug
    runtime: Literal["tflite", "onnx"]
    input: Annotated[ImageInput | TensorInput, Field(discriminator="kind")]
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)]
    rule: Annotated[AnomalyRule | ClassRule | NoRule, Field(discriminator="kind")]
    operators: dict[str, int] = {}
    arena_bytes: Annotated[int, Field(ge=0)] | None = None
    golden: GoldenSet | None = None
    files: Annotated[tuple[FileEntry, ...], Field(min_length=1)]
    provenance: tuple[ProvenanceStep, ...] = ()

    @property
    def model_path(self) -> str:
        """The member that holds the network."""
        return "model.onnx" if self.runtime == "onnx" else "model.tflite"

    @model_validator(mode="after")
    def _hangs_together(self) -> Manifest:
        paths = [entry.path for entry in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file is listed twice")
        named = {self.model_path} | {p for g in (self.golden.goldens if self.golden else ()) for p in _members(g)}
        if missing := sorted(named - set(paths)):
            raise ValueError(f"wanted {', '.join(missing)} among the files, found {', '.join(paths)}")
        roles: set[str] = {output.role for output in self.outputs}
        if isinstance(self.rule, AnomalyRule) and not roles & {"score", "reconstruction"}:
            raise ValueError("an anomaly rule needs an output with the role score or reconstruction")
        if isinstance(self.rule, ClassRule):
            self._check_classes(roles)
        return self

    def _check_classes(self, roles: set[str]) -> None:
        if not roles & {"probabilities", "logits"}:
            raise ValueError("a class rule needs an output with the role probabilities or logits")
        assert isinstance(self.rule, ClassRule)  # noqa: S101 - narrows the type for the checker
        if strangers := sorted(set(self.rule.good) - set(self.labels)):
            raise ValueError(f"the good labels {', '.join(strangers)} are not among the labels")


def _members(golden: Golden) -> set[str]:
    return {golden.input, *golden.outputs.values()}
