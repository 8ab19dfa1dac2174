"""The network that a detector sees with, once more, with the layers that heads read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from training.features.cut import cut_backbone
from training.features.gabor import gabor_features
from training.features.size_rule import InputSize

if TYPE_CHECKING:
    from training.detectors.learn import Backbone, Detector
    from training.features.feature_part import FeaturePart


def layered_part(detector: Detector, backbone: Backbone | None) -> FeaturePart:
    """The feature part with its layers, for pictures of the detector's own size; its features are the usual ones.

    Args:
        detector: for pictures.
        backbone: what it sees with; None for Gabor layers.

    Raises:
        BadInputError: a backbone that is none, or a detector for sounds.
    """
    spec = picture_input(detector)
    if backbone is None:
        return gabor_features(spec.height_px, spec.width_px)
    size = InputSize(spec.height_px, spec.width_px)
    return cut_backbone(backbone.model, size, name=backbone.name, with_layers=True)


def picture_input(detector: Detector) -> ImageInput:
    """How a picture becomes the detector's input.

    Raises:
        BadInputError: a detector for sounds.
    """
    spec = detector.spec
    if not isinstance(spec, ImageInput):
        raise BadInputError(f"wanted a detector of pictures to teach defects to, found one that takes {spec.kind}")
    return spec
