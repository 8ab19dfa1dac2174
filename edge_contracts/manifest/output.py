"""What a model answers."""

from __future__ import annotations

from typing import Literal

from edge_contracts.manifest.input import TensorQuantisation
from edge_contracts.manifest.part import Dtype, Part, Shape


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
