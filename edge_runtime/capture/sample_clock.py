"""Whether a sensor sent as many samples as time has passed: what is missing without a word must not be glued over."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_runtime.capture.stream_lag import StreamLag

_NS_PER_S = 1_000_000_000
TOLERANCE_S = 0.25
"""What a driver may hold back and hand over later; a loss shorter than this is not seen here."""
_PERIODS = 5.0
"""… and of a slow sensor so many samples."""
_SURPLUS = 0.01
"""How much faster than its nominal rate a sensor may run; a crystal is off by 0.01 %."""


@dataclass(slots=True)
class SampleClock:
    """Compares samples with the monotonic clock, since one opening or one gap.

    rate_hz: what the sensor should send.
    """

    rate_hz: float
    _lag: StreamLag = field(default_factory=StreamLag, init=False)
    _first_ns: int | None = field(default=None, init=False)
    _samples: int = field(default=0, init=False)

    def observe(self, arrived_ns: int, samples: int) -> str | None:
        """Take note of so many more samples, the last of which came at `arrived_ns`; what is wrong, or None."""
        if self._first_ns is None:
            self._first_ns = arrived_ns
        else:
            self._samples += samples
        stream_ns = int(self._samples * _NS_PER_S / self.rate_hz)
        late_s = self._lag.observe(arrived_ns, stream_ns) / _NS_PER_S
        elapsed_s = (arrived_ns - self._first_ns) / _NS_PER_S
        early_s = stream_ns / _NS_PER_S - elapsed_s
        allowed_s = max(TOLERANCE_S, _PERIODS / self.rate_hz)
        if late_s > allowed_s:
            return f"wanted {self.rate_hz:g} samples a second, found {late_s:.2f} s of them missing"
        if early_s > allowed_s + _SURPLUS * elapsed_s:
            found_hz = self._samples / max(elapsed_s, 1 / self.rate_hz)
            return f"wanted {self.rate_hz:g} samples a second, found about {found_hz:.0f}; is the rate set right?"
        return None

    def restart(self) -> None:
        """Forget what was; the next samples begin anew."""
        self._lag = StreamLag()
        self._first_ns = None
        self._samples = 0
