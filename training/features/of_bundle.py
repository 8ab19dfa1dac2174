"""The feature part of a bundle that `lepton train` made: what its detector sees with, without the detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.tflite import read_tflite
from edge_contracts.manifest import ImageInput
from training.features.cut import operators_before
from training.features.feature_part import FeaturePart

if TYPE_CHECKING:
    from edge_contracts.bundle import Bundle

FEATURES = "features"
"""The tensor of a detector's graph that holds what it sees, one vector per place."""


def feature_part_of(bundle: Bundle) -> FeaturePart | None:
    """The part, of a float bundle or of a converted one; None where the bundle is of another origin or for sounds."""
    if bundle.manifest.runtime != "tflite" or not isinstance(bundle.manifest.input, ImageInput):
        return None
    graph = read_tflite(bundle.model)
    if FEATURES not in graph.tensors or graph.tensors[graph.inputs[0]].quantization is None:
        return None
    graph.operators[:] = operators_before(graph, {FEATURES})
    used = {name for one in graph.operators for name in (*one.inputs, *one.outputs) if name is not None}
    graph.tensors = {name: tensor for name, tensor in graph.tensors.items() if name in used}
    graph.outputs[:] = [FEATURES]
    return FeaturePart(graph, "bundle")
