"""The manifest as a whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Sha256, Slug
from edge_contracts.manifest.golden import Golden, GoldenSet
from edge_contracts.manifest.input import ImageInput, TensorInput
from edge_contracts.manifest.output import Output
from edge_contracts.manifest.part import MemberPath, Part
from edge_contracts.manifest.rule import AnomalyRule, ClassRule, NoRule

MANIFEST_VERSION = 1
MODEL_PATHS = ("model.tflite", "model.onnx")


class FileEntry(Part):
    """A member of the bundle that belongs to its identity."""

    path: MemberPath
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class ProvenanceStep(Part):
    """One step from data to bundle: what ran, on what, with which settings."""

    step: str
    tool: str
    inputs: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)


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
    operators: dict[str, int] = Field(default_factory=dict)
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
