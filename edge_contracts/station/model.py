"""One of several models that judge the parts of an inspection point."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from edge_contracts.identifiers import Slug
from edge_contracts.station.mask import Mask
from edge_contracts.station.region import Region
from edge_contracts.station.settings import PathText, Settings
from edge_contracts.station.source import Source
from edge_contracts.station.tiles import Tiles

Threshold: TypeAlias = Annotated[float | None, Field(description="instead of the bundle's", allow_inf_nan=False)]
Thresholds: TypeAlias = Annotated[
    dict[str, Annotated[float, Field(allow_inf_nan=False)]], Field(description="the same for single labels")
]
Runtime: TypeAlias = Literal["auto", "litert", "tflite", "onnx"]
Threads: TypeAlias = Annotated[int, Field(ge=1, le=64)]


class PointModel(Settings):
    """A model of a point that has several."""

    name: Slug
    bundle: PathText
    gate: Annotated[bool, Field(description="the others judge only what this one does not let through")] = False
    source: Annotated[Source | None, Field(description="its own, beside the point's")] = None
    region: Annotated[Region | None, Field(description="instead of the point's")] = None
    mask: Mask | None = None
    tiles: Tiles | None = None
    threshold: Threshold = None
    thresholds: Thresholds = Field(default_factory=dict)
    runtime: Runtime = "auto"
    threads: Threads = 1
