"""How old a frame of a network stream is, from two clocks that never met: the stream's own and ours.

The smallest distance between arrival and stream time that was seen is called "no lag"; what exceeds it is lag. After a
stall a decoder hands out frames that waited in its buffers: they arrive now and are old.
"""

from __future__ import annotations

from dataclasses import dataclass

_DRIFT = 1e-3
"""How far the camera's clock may run from ours: 1 ms per second, ten times what a cheap crystal does (±100 ppm)."""


@dataclass(slots=True)
class StreamLag:
    """The lag of one opening of one stream."""

    _distance_ns: int | None = None
    _arrived_ns: int = 0

    def observe(self, arrived_ns: int, stream_ns: int) -> int:
        """The lag in nanoseconds of a frame with stream time `stream_ns` that arrived at `arrived_ns` (monotonic)."""
        distance_ns = arrived_ns - stream_ns
        if self._distance_ns is None:
            self._distance_ns = distance_ns
        else:
            allowed_ns = self._distance_ns + int((arrived_ns - self._arrived_ns) * _DRIFT)
            self._distance_ns = min(distance_ns, allowed_ns)
        self._arrived_ns = arrived_ns
        return distance_ns - self._distance_ns
