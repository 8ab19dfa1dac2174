"""Which input places each tap of a sliding window reads: the geometry of convolutions, transposed ones included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

    Places = npt.NDArray[np.int64]

NOWHERE = -1
"""The place of a tap that reads padding, or falls between the inputs of a transposed convolution."""


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one operator over one input size.

    rows, columns: taps x outputs, the input row (column) that a tap reads for an output row (column), or `NOWHERE`.
    """

    rows: Places
    columns: Places

    @classmethod
    def of(
        cls, operator: Operator, source: tuple[int, ...], kernel: tuple[int, int], result: tuple[int, ...]
    ) -> Window:
        """The window of CONV_2D, DEPTHWISE_CONV_2D or TRANSPOSE_CONV.

        Args:
            operator: for its strides, dilations and padding.
            source: the shape of its input, N x H x W x C.
            kernel: taps, height and width.
            result: the shape of its output; only a transposed convolution needs it.
        """
        strides = operator.options["stride_h"], operator.options["stride_w"]
        dilations = operator.options.get("dilation_h_factor", 1), operator.options.get("dilation_w_factor", 1)
        same = operator.options.get("padding", "SAME") == "SAME"
        if operator.kind == "TRANSPOSE_CONV":
            axes = [_transposed(source[1 + i], kernel[i], strides[i], result[1 + i], same=same) for i in range(2)]
        else:
            axes = [_plain(source[1 + i], kernel[i], strides[i], dilations[i], same=same) for i in range(2)]
        return cls(*axes)

    @property
    def places(self) -> int:
        """How many output places there are in one picture."""
        return int(self.rows.shape[1] * self.columns.shape[1])

    def mean_patch(self, image: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """What each tap reads on average over all output places, nowhere as zero.

        Args:
            image: H x W x C.

        Returns:
            height x width x C, float64.
        """
        by_row = np.stack([_summed(image, taps) for taps in self.rows])
        by_both = np.stack([_summed(by_row.swapaxes(0, 1), taps) for taps in self.columns], axis=1)
        return np.asarray(by_both / self.places)

    def patches(self, image: npt.NDArray[Any], places: Places) -> npt.NDArray[np.float32]:
        """What the window holds at some output places, numbered row by row, nowhere as zero.

        Args:
            image: H x W x C.
            places: any numbers below `self.places`.

        Returns:
            places x height x width x C, float32.
        """
        padded = np.pad(image.astype(np.float32), ((0, 1), (0, 1), (0, 0)))
        rows, columns = np.divmod(places, self.columns.shape[1])
        # A place of -1 is the row and column of zeros at the end.
        return np.asarray(padded[self.rows[:, rows].T[:, :, None], self.columns[:, columns].T[:, None, :]])


def _plain(size: int, taps: int, stride: int, dilation: int, *, same: bool) -> Places:
    reach = (taps - 1) * dilation + 1
    count = -(-size // stride) if same else (size - reach) // stride + 1
    before = max((count - 1) * stride + reach - size, 0) // 2 if same else 0
    places = np.arange(count) * stride - before + np.arange(taps)[:, None] * dilation
    return np.where((places >= 0) & (places < size), places, NOWHERE)


def _transposed(size: int, taps: int, stride: int, count: int, *, same: bool) -> Places:
    before = max((size - 1) * stride + taps - count, 0) // 2 if same else 0
    places = np.arange(count) + before - np.arange(taps)[:, None]
    inside = (places >= 0) & (places < size * stride) & (places % stride == 0)
    return np.where(inside, places // stride, NOWHERE)


def _summed(image: npt.NDArray[Any], taps: Places) -> npt.NDArray[np.float64]:
    """The sum of the rows that one tap reads."""
    return np.asarray(image[taps[taps != NOWHERE]].sum(axis=0, dtype=np.float64))
