"""What a model answers."""

from __future__ import annotations

from typing import Literal

from edge_contracts.manifest.input import TensorQuantisation
from edge_contracts.manifest.part import Dtype, Part, Shape

Role = Literal[
    "score",
    "heat-map",
    "probabilities",
    "logits",
    "reconstruction",
    "boxes",
    "class-scores",
    "candidates",
    "class-ids",
    "box-scores",
    "count",
    "class-map",
    "features",
    "raw",
]


class Output(Part):
    """One output tensor and what it means.

    Attributes:
        role: `score` one number per inspection; `heat-map` 1×h×w×1; `probabilities` and `logits` one value per label;
            `reconstruction` has the input's shape; `boxes`, `class-scores`, `candidates`, `class-ids`, `box-scores`,
            `count` and `class-map` are read as the manifest's `head` says; `features` is the part as one row of
            numbers, for a board that is taught; `raw` is handed out and not judged.
        shape: for a network that only knows it when it has run, the largest that it may have.
    """

    tensor: str
    role: Role
    shape: Shape
    dtype: Dtype
    quantisation: TensorQuantisation | None = None
