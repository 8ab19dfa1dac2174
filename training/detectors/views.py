"""Photographs as a detector learns them: each with its shifted copies, seen by a feature part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.detectors.copies import shifted_copies
from training.features.feature_part import extract_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from training.features.feature_part import FeaturePart


def seen(part: FeaturePart, frames: Sequence[npt.NDArray[np.uint8]], copies: int) -> npt.NDArray[np.float32]:
    """Features N×(1 + copies)×h×w×C of N frames (H×W×3 uint8 RGB), the frame itself first; `copies` is 0 or 6."""
    views = (view for frame in frames for view in [frame, *(shifted_copies(frame)[:copies])])
    features = extract_features(part, views)
    return features.reshape(len(frames), 1 + copies, *features.shape[1:])
