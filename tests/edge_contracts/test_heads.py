"""A manifest whose head, outputs and rule do not belong together is refused, in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from edge_contracts.manifest import (
    AreaRule,
    BoxHead,
    BoxLimit,
    BoxRule,
    FileEntry,
    ImageInput,
    ListedHead,
    Manifest,
    MapRule,
    Output,
    PixelHead,
)


def output(role: Any) -> Output:
    return Output(tensor=role, role=role, shape=(1, 4), dtype="float32")


def manifest(*roles: str, **changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "name": "found",
        "sequence": 1,
        "task": "detection",
        "labels": ("nothing", "scratch"),
        "precision": "float32",
        "profile": "none",
        "runtime": "tflite",
        "input": ImageInput(tensor="x", height_px=8, width_px=8, dtype="float32"),
        "outputs": tuple(output(role) for role in roles),
        "head": BoxHead(boxes="corners"),
        "rule": BoxRule(),
        "files": (FileEntry(path="model.tflite", bytes=1, sha256="0" * 64),),
    }
    return Manifest(**(values | changes))


@pytest.mark.parametrize(("roles", "head", "rule"), [
    (("boxes", "class-scores"), BoxHead(boxes="corners"), BoxRule()),
    (("candidates", "raw"), BoxHead(boxes="centre"), BoxRule()),
    (("boxes", "class-ids", "box-scores", "count"), ListedHead(), BoxRule(min_score=0.01)),
    (("class-map",), PixelHead(), AreaRule()),
])  # fmt: skip
def test_what_belongs_together_is_a_manifest(roles: tuple[str, ...], head: Any, rule: Any) -> None:
    made = manifest(*roles, head=head, rule=rule)
    assert Manifest.model_validate_json(made.model_dump_json()) == made


WRONG: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "a role is missing": (("boxes",), {}, "reads the roles boxes, class-scores or candidates, found boxes"),
    "a role twice": (("candidates", "candidates"), {}, "reads the roles"),
    "no labels": (("candidates",), {"labels": ()}, "needs labels"),
    "labels alike": (("candidates",), {"labels": ("a", "a")}, "labels that differ"),
    "a limit for a stranger": (("candidates",), {"rule": BoxRule(limits={"dent": BoxLimit()})}, "dent are not among"),
    "boxes without a head": (("candidates",), {"head": None}, "needs a head that gives boxes"),
    "areas of boxes": (("candidates",), {"rule": AreaRule()}, "needs a head that gives a map"),
    "a map without a map": (("candidates",), {"rule": MapRule(threshold=1)}, "role heat-map"),
    "a count that the head does not keep": (
        ("candidates",),
        {"rule": BoxRule(limits={"scratch": BoxLimit(at_most=300)})},
        "counts up to 300 boxes, the head keeps 300",
    ),
    "a score that the head drops": (
        ("candidates",),
        {"rule": BoxRule(limits={"scratch": BoxLimit(min_score=0.05)})},
        "counts boxes from 0.05, the head drops them below 0.1",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_belong_together_is_refused(what: str) -> None:
    roles, changes, says = WRONG[what]
    with pytest.raises(ValidationError, match=says):
        manifest(*roles, **changes)
