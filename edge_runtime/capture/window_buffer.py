"""Where samples gather until they are a window: the newest of them, moved on by a hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class WindowBuffer:
    """The last `window` samples of a stream, complete each `hop` samples.

    Args:
        window: samples of a window.
        hop: samples from window to window, at most `window`.
        channels: values of a sample.
    """

    def __init__(self, window: int, hop: int, channels: int) -> None:
        self._values = np.zeros((window, channels), np.float32)
        self._hop = hop
        self._filled = 0

    @property
    def missing(self) -> int:
        """Samples until the next window is complete."""
        return len(self._values) - self._filled

    def add(self, samples: npt.NDArray[np.float32]) -> None:
        """Append samples×channels, at most `missing` of them; after a complete window the next one begins."""
        if not self.missing:
            kept = len(self._values) - self._hop
            self._values[:kept] = self._values[self._hop :].copy()
            self._filled = kept
        self._values[self._filled : self._filled + len(samples)] = samples
        self._filled += len(samples)

    def wanted(self) -> int:
        """Samples that `add` takes now: those that are missing, or the next hop of a complete window."""
        return self.missing or self._hop

    def clear(self) -> None:
        """Forget every sample: what comes next is not glued to what came before."""
        self._filled = 0

    def window(self) -> npt.NDArray[np.float32]:
        """A copy of the complete window, samples×channels."""
        return np.array(self._values)
