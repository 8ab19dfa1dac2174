"""Whether a window can be judged at all: long enough, alive, not too quiet, not clipped, around zero.

A window that fails here makes the part unknown: a model may call silence good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.station import SerialSource, SoundFilesSource
from edge_contracts.verdict import Cause
from edge_runtime.occasion import Ailment

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Point
    from edge_runtime.frames import Window
    from edge_runtime.signals.feeder import Needs

SOUND_QUIET_RMS = 1e-4
"""−80 dB of full scale: three steps of 16 bits; the quietest room through the poorest microphone is louder."""
SOUND_FULL_SCALE = 0.999
SOUND_OFFSET_MAX = 0.2
"""A capacitor blocks direct current in every sound input; more than this is a broken one."""

_FROZEN_LEAST = 8
"""Fewer equal samples in a row say nothing."""


@dataclass(frozen=True, slots=True)
class SignalLimits:
    """Limits outside of which a window cannot be judged; None and 0 are no limit. See `SignalHealth`."""

    quiet_rms: float = 0.0
    lowest: float | None = None
    highest: float | None = None
    clipped_share: float = 0.001
    offset_max: float | None = None
    frozen_share: float = 0.0

    @classmethod
    def of(cls, point: Point) -> SignalLimits:
        """What the configuration asks for, with the defaults of the point's kind of source.

        A sound file may hold silence between two sounds; it counts as frozen only when the file says `frozen_share`.
        """
        asked = point.signal_health
        hears = not isinstance(point.source, SerialSource)
        replayed = isinstance(point.source, SoundFilesSource) and "frozen_share" not in asked.model_fields_set
        return cls(
            quiet_rms=_or(asked.quiet_rms, SOUND_QUIET_RMS if hears else 0.0) or 0.0,
            lowest=_or(asked.lowest, -SOUND_FULL_SCALE if hears else None),
            highest=_or(asked.highest, SOUND_FULL_SCALE if hears else None),
            clipped_share=asked.clipped_share,
            offset_max=_or(asked.offset_max, SOUND_OFFSET_MAX if hears else None),
            frozen_share=0.0 if replayed else asked.frozen_share,
        )


class SignalCheck:
    """Examines the windows of one source in the order they come.

    Args:
        limits: outside of which a window cannot be judged.
        needs: what the point's model takes.
    """

    def __init__(self, limits: SignalLimits, needs: Needs) -> None:
        self._limits = limits
        self._needs = needs
        self._last: npt.NDArray[np.float32] | None = None

    def examine(self, window: Window) -> Ailment | None:
        """What is wrong with a window, None when it can be judged; its values are kept until the next call."""
        before, self._last = self._last, window.values
        return self._form(window) or self._numbers(window.values) or self._life(window.values, before)

    def _form(self, window: Window) -> Ailment | None:
        needs, (samples, channels) = self._needs, window.values.shape
        if needs.rate_hz is not None and window.rate_hz != needs.rate_hz:
            found = f"{window.rate_hz:g} Hz" if window.rate_hz else "readings without a rate"
            return _bad(f"wanted {needs.rate_hz:g} Hz, as the model was trained on, found {found}; set or resample it")
        if samples < needs.samples:
            return _bad(f"wanted at least {needs.samples} samples, which the model takes at once, found {samples}")
        if needs.channels is not None and channels != needs.channels:
            return _bad(f"wanted {needs.channels} channels, found {channels}")
        return None

    def _numbers(self, values: npt.NDArray[np.float32]) -> Ailment | None:
        if not np.isfinite(values).all():
            return Ailment(
                Cause.NOT_A_NUMBER, "wanted numbers from the sensor, found NaN or infinity; check its wiring"
            )
        limits = self._limits
        beyond = np.zeros(values.shape, np.bool_)
        if limits.lowest is not None:
            beyond |= values <= limits.lowest
        if limits.highest is not None:
            beyond |= values >= limits.highest
        share = float(beyond.mean())
        if share and share > limits.clipped_share:
            return Ailment(
                Cause.CLIPPED,
                f"wanted at most {limits.clipped_share:.2%} of the samples at their limits, found {share:.2%}; "
                "lower the gain, or check the wiring",
            )
        return None

    def _life(self, values: npt.NDArray[np.float32], before: npt.NDArray[np.float32] | None) -> Ailment | None:
        limits = self._limits
        if limits.frozen_share and (ailment := _frozen(values, before, limits.frozen_share)) is not None:
            return ailment
        means = values.mean(axis=0, dtype=np.float64)
        if limits.offset_max is not None and (offset := float(np.abs(means).max())) > limits.offset_max:
            return Ailment(
                Cause.OFFSET,
                f"wanted a signal around 0, found it {offset:.3g} off on average; check the microphone's supply",
            )
        quietest = float(np.sqrt(np.mean((values - means) ** 2, axis=0, dtype=np.float64)).min())
        if quietest < limits.quiet_rms:
            return Ailment(
                Cause.QUIET,
                f"wanted a signal of at least {limits.quiet_rms:.3g} RMS, found {quietest:.3g}; is the sensor on?",
            )
        return None


def longest_run(values: npt.NDArray[np.float32]) -> int:
    """The longest stretch of one value in any channel of samples×channels, in samples."""
    longest = min(len(values), 1)
    for channel in values.T:
        changes = np.flatnonzero(channel[1:] != channel[:-1])
        edges = np.concatenate([[-1], changes, [len(channel) - 1]])
        longest = max(longest, int(np.diff(edges).max()))
    return longest


def _frozen(values: npt.NDArray[np.float32], before: npt.NDArray[np.float32] | None, share: float) -> Ailment | None:
    run, limit = longest_run(values), max(share * len(values), _FROZEN_LEAST)
    if run >= limit:
        return Ailment(
            Cause.FROZEN, f"wanted a lively signal, found the same value {run} times in a row; is the sensor alive?"
        )
    if before is not None and len(values) >= _FROZEN_LEAST and np.array_equal(before, values):
        return Ailment(Cause.FROZEN, "wanted a new window, found the one before it again; restart the sensor")
    return None


def _bad(reason: str) -> Ailment:
    return Ailment(Cause.BAD_FRAME, reason)


def _or(asked: float | None, otherwise: float | None) -> float | None:
    return otherwise if asked is None else asked
