"""What a detector of these parts can see with: one feature part per layer that it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.features.cut import FINE_STRIDE, STRIDE, backbone_side_px, cut_backbone, has_stride
from training.features.gabor import gabor_features
from training.features.size_rule import input_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.features.feature_part import FeaturePart


@dataclass(frozen=True, slots=True)
class Backbone:
    """The user's quantised classifier.

    model: the .tflite file's bytes.
    name: what messages call it.
    """

    model: bytes
    name: str = "the backbone"


def feature_parts(shapes: Sequence[tuple[int, int]], backbone: Backbone | None) -> dict[int, FeaturePart]:
    """Stride in pixels to the feature part that sees so coarsely, the usual one first; all take the same input.

    Args:
        shapes: height and width of photographs, one or more.
        backbone: None for Gabor layers, which have one stride.

    Raises:
        BadInputError: a backbone that is none.
    """
    if backbone is None:
        size = input_size(shapes)
        return {STRIDE: gabor_features(size.height_px, size.width_px)}
    size = input_size(shapes, backbone_side_px(backbone.model, name=backbone.name))
    strides = [STRIDE, *([FINE_STRIDE] if has_stride(backbone.model, FINE_STRIDE, name=backbone.name) else [])]
    return {stride: cut_backbone(backbone.model, size, name=backbone.name, stride=stride) for stride in strides}
