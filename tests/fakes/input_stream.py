"""A sound card in a fake clock's time, behind the real Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.capture.source import SourceLost
from tests.fakes.clock import NS_PER_S

if TYPE_CHECKING:
    from tests.fakes.clock import FakeClock


class FakeInput:
    """Sample n of channel c is n + c/10, so that glue shows.

    Args:
        really_hz: how many samples a second it sends.
        held: samples that the driver holds; what comes while they wait is lost, and said so.
        lose: (at sample, samples) that are lost without a word.
        dead_after: it answers no more after so many samples.
    """

    def __init__(
        self,
        clock: FakeClock,
        *,
        channels: int = 1,
        really_hz: float = 1000,
        held: int = 500,
        lose: tuple[int, int] = (0, 0),
        mute_after: int | None = None,
        gone_after: int | None = None,
    ) -> None:
        self.closed = 0
        self._clock = clock
        self._channels = channels
        self._really_hz = really_hz
        self._held = held
        self._lose = lose
        self._mute_after = mute_after
        self._gone_after = gone_after
        self._begun_ns = clock.now_ns()
        self._given = 0
        self._skipped = 0
        self._overrun = False

    @property
    def read_available(self) -> int:
        sent = int((self._clock.now_ns() - self._begun_ns) * self._really_hz / NS_PER_S)
        if self._gone_after is not None and sent > self._gone_after:
            raise SourceLost("wanted sound from 'fake', found: device unavailable; check the plug")
        if self._mute_after is not None:
            sent = min(sent, self._mute_after)
        at, samples = self._lose
        if samples and self._given + self._skipped >= at:
            self._skipped += samples
            self._lose = (0, 0)
        waiting = max(sent - self._given - self._skipped, 0)
        if waiting > self._held:
            self._skipped += waiting - self._held
            self._overrun = True
            waiting = self._held
        return waiting

    def read(self, frames: int) -> tuple[bytes, bool]:
        first = self._given + self._skipped
        self._given += frames
        lost, self._overrun = self._overrun, False
        numbers = np.arange(first, first + frames, dtype=np.float32)[:, None]
        return (numbers + np.arange(self._channels, dtype=np.float32) / 10).astype(np.float32).tobytes(), lost

    def close(self) -> None:
        self.closed += 1
