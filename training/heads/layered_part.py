"""The network that a detector sees with, once more, with the layers that heads read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from training.features.cut import backbone_side_px, cut_backbone
from training.features.gabor import gabor_features
from training.features.size_rule import SIDE_PX, InputSize
from training.features.spectrogram import spectrogram_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.frames import Window
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
    return _layered(InputSize(spec.height_px, spec.width_px), backbone)


def layered_ear(recordings: Sequence[Window], backbone: Backbone | None) -> FeaturePart:
    """The same for a detector of sounds.

    Args:
        recordings: the good ones that the detector learned: they decide how loud and how long an input is.
        backbone: what it hears with; None for Gabor layers.

    Raises:
        BadInputError: as `spectrogram_part`, or a backbone that is none.
    """
    side_px = SIDE_PX if backbone is None else backbone_side_px(backbone.model, name=backbone.name)
    return spectrogram_part(_layered(InputSize(side_px, side_px), backbone), recordings)


def _layered(size: InputSize, backbone: Backbone | None) -> FeaturePart:
    if backbone is None:
        return gabor_features(size.height_px, size.width_px)
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
