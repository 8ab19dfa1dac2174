"""A sound as a picture: log-mel spectra, as the board's front end makes them, in front of what sees pictures.

Features made for pictures tell sounds apart better than statistics of the spectra do (docs/decisions/177): an image
network has seen edges, stripes and blobs, and a spectrogram consists of them.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Operator, Tensor
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Level, MelBands, SoundInput, Spectrum
from edge_runtime.signals.log_mel import LogMel
from training.dataset.sounds import FEWEST_SPECTRA, shortest_s, spectrum_samples
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.frames import Window
    from training.features.feature_part import FeaturePart

BANDS = 64
LOWEST_HZ = 50.0
HIGHEST_SHARE = 0.475
SILENCE_POWER = 1e-10
INPUT_FRAMES = 128
"""Spectra of one input, half overlapping: three seconds at 44.1 kHz."""

RANGE_DB = 100.0
HEADROOM_DB = 20.0
FULL_BYTE = 255


@dataclass(frozen=True, slots=True)
class Levels:
    """dB of the bytes 0 and 255."""

    dark_db: float
    bright_db: float


def spectrogram_part(picture: FeaturePart, recordings: Sequence[Window]) -> FeaturePart:
    """A feature part that takes log-mel spectra and sees them as a grey picture, stretched to its own size.

    The picture spans 100 dB, from 20 dB above the loudest of these recordings down, so that what is louder than
    anything learned is still seen.

    Args:
        picture: the part that sees.
        recordings: of good parts, one or more, at one rate; the shortest decides how long an input is.

    Raises:
        BadInputError: rates that differ, or a recording shorter than 16 spectra.
    """
    spec = listening(recordings)
    graph = deepcopy(picture.graph)
    heard = _scaled(spec, picture, levels_of(recordings, spec))
    before = len(graph.operators)
    _draw_picture(Wiring(graph, "sound"), heard, graph.inputs[0])
    # What was appended makes the picture, so it runs first.
    graph.operators[:] = [*graph.operators[before:], *graph.operators[:before]]
    graph.inputs[:] = [heard.tensor]
    return replace(picture, graph=graph, heard=heard)


def listening(recordings: Sequence[Window], frames: int | None = None, bands: int = BANDS) -> SoundInput:
    """The front end for these recordings, in dB; its inputs overlap by half.

    Args:
        recordings: one or more, at one rate.
        frames: spectra of one input; None for 128, or as many as the shortest recording has.
        bands: of each spectrum.

    Raises:
        BadInputError: rates that differ, or a recording shorter than one input (without `frames`: than 16 spectra).
    """
    rates = sorted({one.rate_hz for one in recordings})
    if len(rates) != 1:
        found = " and ".join(f"{rate:g}" for rate in rates) or "no recording"
        raise BadInputError(f"wanted recordings of one sampling rate, found {found}; resample them")
    rate_hz = round(rates[0])
    frame = spectrum_samples(rate_hz)
    _require_long_enough(recordings, shortest_s(rate_hz, frames or FEWEST_SPECTRA), is_asked=frames is not None)
    spectra = min(1 + (len(one.values) - frame) // (frame // 2) for one in recordings)
    frames = frames or min(INPUT_FRAMES, spectra)
    return SoundInput(
        tensor="spectra",
        shape=(1, frames, bands),
        dtype="float32",
        rate_hz=rate_hz,
        spectrum=Spectrum(frame=frame, hop=frame // 2, fft=frame),
        mel=MelBands(bands=bands, lowest_hz=LOWEST_HZ, highest_hz=HIGHEST_SHARE * rate_hz),
        level=Level(unit="db", floor=SILENCE_POWER),
        frames=frames,
        step=max(1, frames // 2),
        join="mean",
    )


def _require_long_enough(recordings: Sequence[Window], least_s: float, *, is_asked: bool) -> None:
    short = sorted((one for one in recordings if one.duration_s < least_s), key=lambda one: one.duration_s)
    if short:
        shorter = ", or let an input have fewer spectra" if is_asked else ""
        raise BadInputError(
            f"wanted recordings of {least_s:.2f} s or more, found {len(short)} of {len(recordings)} shorter, such as "
            f"{short[0].name or 'one'} of {short[0].duration_s:.2f} s; record longer, or take them out{shorter}"
        )


def levels_of(recordings: Sequence[Window], spec: SoundInput) -> Levels:
    """100 dB, from 20 dB above the loudest of these recordings down."""
    loudest = max(float(LogMel(spec).spectra(one.values.mean(axis=1)).max()) for one in recordings)
    return Levels(loudest + HEADROOM_DB - RANGE_DB, loudest + HEADROOM_DB)


def _scaled(spec: SoundInput, picture: FeaturePart, scale: Levels) -> SoundInput:
    """The same front end, giving the real values that the picture's bytes stand for."""
    mean, std, per_db = picture.spec.mean[0], picture.spec.std[0], FULL_BYTE / (scale.bright_db - scale.dark_db)
    # real = (byte - mean) / std with byte = (dB - dark_db) × per_db
    return spec.model_copy(update={"mean": (scale.dark_db + mean / per_db,), "std": (std / per_db,)})


def _draw_picture(pen: Wiring, heard: SoundInput, image: str) -> None:
    """Append what turns spectra into the tensor `image`, 1×H×W×3 of bytes: bands become rows, low ones first."""
    pen.graph.tensors[heard.tensor] = Tensor(heard.tensor, heard.shape, np.dtype(np.float32))
    _, frames, bands = heard.shape
    _, height, width, colours = pen.shape(image)
    order = pen.constant("order", [0, 2, 1], np.int32)
    turned = pen.apply("TRANSPOSE", [heard.tensor, order], (1, bands, frames))
    size = pen.constant("size", (height, width), np.int32)
    options = {"align_corners": False, "half_pixel_centers": True}
    grey = pen.apply(
        "RESIZE_BILINEAR", [pen.reshape(turned, (1, bands, frames, 1)), size], (1, height, width, 1), **options
    )
    rgb: list[str | None] = [grey] * colours
    joined = pen.apply("CONCATENATION", rgb, pen.shape(image), axis=3, fused_activation_function="NONE")
    pen.graph.operators.append(Operator("QUANTIZE", [joined], [image]))
