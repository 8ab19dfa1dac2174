"""What a detector of these parts sees with, and how: one feature part per layer that it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.features.cut import FINE_STRIDE, STRIDE, backbone_side_px, cut_backbone, has_stride
from training.features.gabor import gabor_features
from training.features.size_rule import SIDE_PX, input_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.augmentation.recipe import Recipe
    from training.features.feature_part import FeaturePart

SIDE_STEP_PX = 32
LEAST_SIDE_PX, MOST_SIDE_PX = 64, 2048


@dataclass(frozen=True, slots=True)
class Backbone:
    """The user's quantised classifier.

    model: the .tflite file's bytes.
    name: what messages call it.
    """

    model: bytes
    name: str = "the backbone"


@dataclass(frozen=True, slots=True)
class Sight:
    """How a detector looks at photographs, where that is said and not left to the rules.

    side_px: the short side of its input, a multiple of 32; None for the one that the features were made for.
    stride_px: of the layer that it sees with; None for the usual one, or what `auto` finds.
    recipe: what may change in the copies that are learned; None for shifted copies where photographs are few.
    readings: WAV files hold a sensor's readings, of which each channel is judged, and no sounds.
    """

    side_px: int | None = None
    stride_px: int | None = None
    recipe: Recipe | None = None
    readings: bool = False

    def __post_init__(self) -> None:
        side_px = self.side_px
        if side_px is None:
            return
        nearest = SIDE_STEP_PX * round(side_px / SIDE_STEP_PX)
        allowed = min(max(LEAST_SIDE_PX, nearest), MOST_SIDE_PX)
        if side_px != allowed:
            raise BadInputError(
                f"wanted a side that is a multiple of {SIDE_STEP_PX} px, {LEAST_SIDE_PX} to {MOST_SIDE_PX}, found "
                f"{side_px}; take {allowed}"
            )


AS_USUAL = Sight()
READINGS = Sight(readings=True)


def feature_parts(
    shapes: Sequence[tuple[int, int]], backbone: Backbone | None, sight: Sight = AS_USUAL
) -> dict[int, FeaturePart]:
    """Stride in pixels to the feature part that sees so coarsely, the usual one first; all take the same input.

    Args:
        shapes: height and width of photographs, one or more.
        backbone: None for Gabor layers, which have one stride.
        sight: the side, and the only stride that is wanted.

    Raises:
        BadInputError: a backbone that is none, or that has no layer of the stride.
    """
    strides = _strides(backbone)
    if sight.stride_px is not None:
        if sight.stride_px not in strides:
            name = "Gabor layers" if backbone is None else backbone.name
            raise BadInputError(
                f"wanted the layer at stride {sight.stride_px}, found only {', '.join(map(str, strides))} in {name}; "
                "take one of these, or leave the layer to the choice"
            )
        strides = [sight.stride_px]
    if backbone is None:
        size = input_size(shapes, sight.side_px or SIDE_PX)
        return {stride: gabor_features(size.height_px, size.width_px) for stride in strides}
    size = input_size(shapes, sight.side_px or backbone_side_px(backbone.model, name=backbone.name))
    return {stride: cut_backbone(backbone.model, size, name=backbone.name, stride=stride) for stride in strides}


def _strides(backbone: Backbone | None) -> list[int]:
    """Those that it has, the usual one first."""
    if backbone is None or not has_stride(backbone.model, FINE_STRIDE, name=backbone.name):
        return [STRIDE]
    return [STRIDE, FINE_STRIDE]
