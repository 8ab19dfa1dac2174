"""Photographs as a detector learns them: each with its copies, seen by a feature part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.features.feature_part import extract_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from training.detectors.copies import Copies
    from training.features.feature_part import FeaturePart


def seen(part: FeaturePart, frames: Sequence[npt.NDArray[np.uint8]], copies: Copies) -> npt.NDArray[np.float32]:
    """Features N×(1 + copies)×h×w×C of N frames (H×W×3 uint8 RGB), the frame itself first."""
    views = (view for place, frame in enumerate(frames) for view in [frame, *copies.of(frame, place)])
    features = extract_features(part, views)
    return features.reshape(len(frames), 1 + copies.count, *features.shape[1:])
