"""What every source promises; a test class per source inherits one of these."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_runtime.capture.source import BadReading, SourceLost, SourceQuiet
from edge_runtime.frames import Frame, Window

if TYPE_CHECKING:
    from edge_runtime.capture.source import Source

QUIET_MAX = 100


class ReadingContract:
    """Subclasses offer two fixtures: `source`, which gives at least two readings, and `absent`, which is not there."""

    def test_readings_are_numbered_and_dated(self, source: Source) -> None:
        first, second = self.next_reading(source), self.next_reading(source)
        assert (first.number, second.number) == (1, 2)
        assert second.captured_at_ns >= first.captured_at_ns > 0

    def test_a_reading_stays_what_it_was(self, source: Source) -> None:
        first = self.next_reading(source)
        before = content(first).copy()
        self.next_reading(source)
        np.testing.assert_array_equal(content(first), before)

    def test_opening_again_begins_again(self, source: Source) -> None:
        self.next_reading(source)
        source.close()
        source.open()
        assert self.next_reading(source).number == 1

    def test_closing_twice_does_nothing(self, source: Source) -> None:
        source.close()
        source.close()

    def test_what_is_not_there_is_lost_with_a_next_step(self, absent: Source) -> None:
        with pytest.raises(SourceLost, match=r"wanted .* found .*; check"):
            absent.open()
        absent.close()

    @staticmethod
    def next_reading(source: Source) -> Frame | Window:
        step(source)
        reading = source.reading()
        assert not isinstance(reading, BadReading), reading.reason
        return reading


class SourceContract(ReadingContract):
    """A source of pictures."""

    def test_pictures_are_height_width_rgb_bytes(self, source: Source) -> None:
        frame = self.next_frame(source)
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
        assert frame.pixels.dtype == np.uint8

    @staticmethod
    def next_frame(source: Source) -> Frame:
        reading = ReadingContract.next_reading(source)
        assert isinstance(reading, Frame)
        return reading


class WindowContract(ReadingContract):
    """A source of windows."""

    def test_windows_are_samples_by_channels_in_real_units_at_a_rate(self, source: Source) -> None:
        window = self.next_window(source)
        assert window.values.ndim == 2
        assert window.values.dtype == np.float32
        assert window.values.size
        assert window.rate_hz > 0

    @staticmethod
    def next_window(source: Source) -> Window:
        reading = ReadingContract.next_reading(source)
        assert isinstance(reading, Window)
        return reading


def content(reading: Frame | Window) -> np.ndarray:
    return reading.pixels if isinstance(reading, Frame) else reading.values


def step(source: Source) -> None:
    """As the reader does it: a quiet source is stepped again."""
    for _ in range(QUIET_MAX):
        with suppress(SourceQuiet):
            return source.advance()
    pytest.fail("the source stays quiet")
