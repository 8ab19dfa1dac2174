"""The manifest as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from edge_contracts.identifiers import Sha256, Slug
from edge_contracts.manifest.golden import Golden, GoldenSet
from edge_contracts.manifest.head import BoxHead, Head, ListedHead, PixelHead
from edge_contracts.manifest.model_input import ModelInput
from edge_contracts.manifest.output import Output
from edge_contracts.manifest.part import MemberPath, Part
from edge_contracts.manifest.rule import AnomalyRule, AreaRule, BoxRule, ClassRule, MapRule, NoRule, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

MANIFEST_VERSION = 1
MODEL_PATHS = ("model.tflite", "model.onnx")

Labels: TypeAlias = tuple[str, ...]
_AnyRule: TypeAlias = AnomalyRule | MapRule | ClassRule | BoxRule | AreaRule | NoRule

_READS = {
    "boxes": (["boxes", "class-scores"], ["candidates"]),
    "listed": (["box-scores", "boxes", "class-ids", "count"],),
    "pixels": (["class-map"],),
}
_HEAD_ROLES = {role for choices in _READS.values() for roles in choices for role in roles}


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
        head: how the outputs become boxes or a map of classes; None where they need no reading.
        precision: what the weights mostly are.
        profile: the board that the bundle was made for, or `none` for a float bundle on its way to one.
        runtime: what must run the model.
        operators: operator name to how often it occurs.
        arena_bytes: activation memory as planned at conversion, None where it was not measured.
    """

    version: Literal[1] = 1
    name: Slug
    sequence: Annotated[int, Field(ge=1)]
    task: Literal["anomaly", "classification", "detection", "segmentation", "reconstruction", "raw"]
    labels: tuple[str, ...] = ()
    precision: Literal["float32", "float16", "int8", "mixed"]
    profile: Slug
    runtime: Literal["tflite", "onnx"]
    input: ModelInput
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)]
    head: Head | None = None
    rule: Rule
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
        _check_head(self.head, self.outputs, self.labels)
        _check_rule(self.rule, self.labels, {output.role for output in self.outputs}, self.head)
        return self


def _check_head(head: BoxHead | ListedHead | PixelHead | None, outputs: tuple[Output, ...], labels: Labels) -> None:
    if head is None:
        return
    if len(set(labels)) != len(labels):
        raise ValueError("a head needs labels that differ")
    roles = [output.role for output in outputs if output.role in _HEAD_ROLES]
    if sorted(roles) not in _READS[head.kind]:
        wanted = " or ".join(", ".join(some) for some in _READS[head.kind])
        raise ValueError(
            f"a head of the kind {head.kind!r} reads the roles {wanted}, found {', '.join(roles) or 'none'}"
        )
    if not labels:
        raise ValueError(f"a head of the kind {head.kind!r} needs labels")


def _check_rule(rule: _AnyRule, labels: Labels, roles: set[str], head: BoxHead | ListedHead | PixelHead | None) -> None:
    if isinstance(rule, AnomalyRule) and not roles & {"score", "reconstruction"}:
        raise ValueError("an anomaly rule needs an output with the role score or reconstruction")
    if isinstance(rule, MapRule) and "heat-map" not in roles:
        raise ValueError("a rule on the heat map needs an output with the role heat-map")
    if isinstance(rule, ClassRule):
        if not roles & {"probabilities", "logits"}:
            raise ValueError("a class rule needs an output with the role probabilities or logits")
        _require_known("good labels", rule.good, labels)
        _require_known("thresholds", rule.thresholds, labels)
    kind = None if head is None else head.kind
    if isinstance(rule, BoxRule):
        if kind not in {"boxes", "listed"}:
            raise ValueError("a rule on boxes needs a head that gives boxes")
        _require_known("limits", rule.limits, labels)
        _check_scores(rule, head)
        _check_counts(rule, head)
    if isinstance(rule, AreaRule):
        if kind != "pixels":
            raise ValueError("a rule on areas needs a head that gives a map of classes")
        _require_known("limits", rule.limits, labels)


def _check_scores(rule: BoxRule, head: BoxHead | ListedHead | PixelHead | None) -> None:
    """A box that the head drops cannot be counted by the rule."""
    asked = [rule.min_score, *(limit.min_score for limit in rule.limits.values() if limit.min_score is not None)]
    if isinstance(head, BoxHead) and min(asked) < head.least_score:
        raise ValueError(f"the rule counts boxes from {min(asked):g}, the head drops them below {head.least_score:g}")


def _check_counts(rule: BoxRule, head: BoxHead | ListedHead | PixelHead | None) -> None:
    """One box too many must still be seen."""
    asked = max((max(limit.at_least, limit.at_most or 0) for limit in rule.limits.values()), default=0)
    if isinstance(head, BoxHead) and asked >= head.most:
        raise ValueError(
            f"the rule counts up to {asked} boxes, the head keeps {head.most}; raise its `most` above that"
        )


def _require_known(what: str, names: Iterable[str], labels: Labels) -> None:
    if strangers := sorted(set(names) - set(labels)):
        raise ValueError(f"the {what} {', '.join(strangers)} are not among the labels")


def _members(golden: Golden) -> set[str]:
    return {golden.input, *golden.outputs.values()}
