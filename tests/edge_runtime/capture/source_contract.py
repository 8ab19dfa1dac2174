"""What every source promises; a test class per source inherits this."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_runtime.capture.source import SourceLost
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    from edge_runtime.capture.source import Source


class SourceContract:
    """Subclasses offer two fixtures: `source`, which gives at least two pictures, and `absent`, which is not there."""

    def test_pictures_are_height_width_rgb_bytes(self, source: Source) -> None:
        frame = self.next_frame(source)
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
        assert frame.pixels.dtype == np.uint8

    def test_pictures_are_numbered_and_dated(self, source: Source) -> None:
        first, second = self.next_frame(source), self.next_frame(source)
        assert (first.number, second.number) == (1, 2)
        assert second.captured_at_ns >= first.captured_at_ns > 0

    def test_a_picture_stays_what_it_was(self, source: Source) -> None:
        first = self.next_frame(source)
        before = first.pixels.copy()
        self.next_frame(source)
        np.testing.assert_array_equal(first.pixels, before)

    def test_opening_again_begins_again(self, source: Source) -> None:
        self.next_frame(source)
        source.close()
        source.open()
        assert self.next_frame(source).number == 1

    def test_closing_twice_does_nothing(self, source: Source) -> None:
        source.close()
        source.close()

    def test_what_is_not_there_is_lost_with_a_next_step(self, absent: Source) -> None:
        with pytest.raises(SourceLost, match=r"wanted .* found .*; check"):
            absent.open()
        absent.close()

    @staticmethod
    def next_frame(source: Source) -> Frame:
        source.advance()
        picture = source.picture()
        assert isinstance(picture, Frame)
        return picture
