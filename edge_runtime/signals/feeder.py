"""From a window of samples to the inputs of one model, stored as the model takes them.

What is elementwise (normalising, quantising) is done once per spectrum or sample; inputs that overlap are views of the
result, and each is copied once: into the model's own buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SoundInput
from edge_runtime.signals.log_mel import LogMel

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import SeriesInput
    from edge_runtime.frames import Window


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model takes of a window.

    rate_hz: samples per second, None where it does not matter.
    samples: at least.
    channels: None where they are mixed.
    """

    rate_hz: float | None = None
    samples: int = 1
    channels: int | None = None


def needs_of(spec: SoundInput | SeriesInput) -> Needs:
    """What a manifest's input asks of a window."""
    channels = None if isinstance(spec, SoundInput) else spec.channels
    return Needs(spec.rate_hz, spec.samples, channels)


class Feeder:
    """Cuts windows into a model's inputs.

    Example:
        >>> for one in feeder.inputs(window):
        ...     feeder.write(one, buffer)

    Args:
        spec: the manifest's input.
    """

    def __init__(self, spec: SoundInput | SeriesInput) -> None:
        self._spec = spec
        self._mel = LogMel(spec) if isinstance(spec, SoundInput) else None
        self._mean = np.asarray(spec.mean, np.float32)
        self._std = np.asarray(spec.std, np.float32)

    def inputs(self, window: Window) -> npt.NDArray[Any]:
        """All inputs of a window as a view: inputs × the two axes of `layout`, of `spec.dtype`.

        Raises:
            BadInputError: another rate, too few samples, or the wrong number of channels.
        """
        needs, (found, channels) = needs_of(self._spec), window.values.shape
        if needs.rate_hz is not None and window.rate_hz != needs.rate_hz:
            raise BadInputError(f"wanted {needs.rate_hz:g} samples a second, found {window.rate_hz:g}; resample them")
        if found < needs.samples or (needs.channels is not None and channels != needs.channels):
            wanted = f"{needs.samples} samples of {needs.channels or 'any number of'} channels"
            raise BadInputError(f"wanted at least {wanted}, found {found} of {channels}")
        if not np.isfinite(window.values).all():
            raise BadInputError("wanted numbers, found NaN or infinity among the samples; check the sensor")
        rows = self._stored(self._rows(window.values))
        length = self._spec.frames if isinstance(self._spec, SoundInput) else self._spec.samples
        runs = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)[:: self._spec.step]
        # The sliding axis comes last: inputs × columns × time.
        return runs if self._spec.layout in {"band-time", "channel-time"} else runs.transpose(0, 2, 1)

    def write(self, one: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
        """Copy one input into the model's buffer, `spec.shape` of `spec.dtype`."""
        np.copyto(out.reshape(one.shape), one)

    def _rows(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What is normalised: spectra × bands, or samples × channels."""
        if self._mel is None or not isinstance(self._spec, SoundInput):
            return values
        one = values[:, 0] if self._spec.channel == "first" else values.mean(axis=1)
        return self._mel.spectra(one)

    def _stored(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        real = (rows - self._mean) / self._std
        quantisation, dtype = self._spec.quantisation, np.dtype(self._spec.dtype)
        if quantisation is None:
            return np.asarray(real, dtype)
        limits = np.iinfo(dtype)
        stored = np.rint(real / np.float32(quantisation.scale)) + quantisation.zero_point
        return np.asarray(np.clip(stored, limits.min, limits.max), dtype)
