from __future__ import annotations

import numpy as np

from training.detectors.copies import SHIFT_PX, shifted_copies


def test_copies_are_shifted_and_brightened() -> None:
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[20, 20] = 100
    peaks = [np.argwhere(copy[..., 0] > 0)[0].tolist() for copy in shifted_copies(frame)]
    values = [int(copy.max()) for copy in shifted_copies(frame)]
    step = SHIFT_PX
    offsets = [[0, step], [0, -step], [step, 0], [-step, 0], [step, step], [-step, -step]]
    assert peaks == [[20 + down, 20 + right] for down, right in offsets]
    assert values == [110, 90, 90, 110, 100, 100]


def test_bright_pixels_saturate_instead_of_wrapping() -> None:
    copies = shifted_copies(np.full((32, 32, 3), 250, np.uint8))
    assert max(int(copy.max()) for copy in copies) == 255
    assert min(int(copy.min()) for copy in copies) == 225
