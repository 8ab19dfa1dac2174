"""Whether a bundle can judge what a point's source gives, asked before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput, NoRule, SeriesInput, SoundInput
from edge_contracts.station import MicrophoneSource, SerialSource
from edge_runtime.capture.text_line import LineParser
from edge_runtime.frames import Window
from edge_runtime.signals.feeder import Needs, needs_of

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from edge_contracts.station import Point
    from edge_runtime.frames import Subject


def require_fit(point: Point, manifest: Manifest) -> None:
    """Refuse a bundle that judges something else than the point's source gives.

    Raises:
        BadInputError: no rule, pictures for sounds or sounds for pictures, another rate, too short a window.
    """
    spec = manifest.input
    hears = isinstance(spec, SoundInput | SeriesInput)
    if isinstance(manifest.rule, NoRule) or not (hears if point.listens else isinstance(spec, ImageInput)):
        wanted = "sounds or readings" if point.listens else "pictures"
        raise BadInputError(
            f"inspection point {point.name}: wanted a bundle that judges {wanted}, found {point.bundle} with input "
            f"{spec.kind!r} and rule {manifest.rule.kind!r}; train one with 'lepton train', or check the source"
        )
    if isinstance(spec, SoundInput | SeriesInput) and (found := _mismatch(point, needs_of(spec))):
        raise BadInputError(f"inspection point {point.name}: {found}")


def window_needs(manifest: Manifest) -> Needs | None:
    """What the model takes of a window, None for one that takes none."""
    return needs_of(manifest.input) if isinstance(manifest.input, SoundInput | SeriesInput) else None


def blank(manifest: Manifest) -> Subject:
    """A black picture, or a window of silence, to warm a model up with."""
    spec = manifest.input
    if isinstance(spec, ImageInput):
        return np.zeros((spec.height_px, spec.width_px, 3), np.uint8)
    needs = window_needs(manifest) or Needs()
    return Window(np.zeros((needs.samples, needs.channels or 1), np.float32), needs.rate_hz or 0.0, 0, 0)


def _mismatch(point: Point, needs: Needs) -> str:
    source = point.source
    if isinstance(source, MicrophoneSource):
        rate_hz, samples, channels = float(source.rate_hz), round(source.window_s * source.rate_hz), source.channels
    elif isinstance(source, SerialSource):
        rate_hz, samples, channels = source.rate_hz or 0.0, source.window, LineParser(source).channels
    else:
        return ""
    if needs.rate_hz is not None and rate_hz != needs.rate_hz:
        found = f"{rate_hz:g}" if rate_hz else "none"
        return f"wanted source.rate_hz = {needs.rate_hz:g}, as {point.bundle} was trained on, found {found}; set it"
    if samples < needs.samples:
        length = f"{needs.samples / needs.rate_hz:.3f} s" if needs.rate_hz else f"{needs.samples} readings"
        return f"wanted windows of at least {length} for {point.bundle}, found {samples} samples; lengthen them"
    if needs.channels is not None and channels != needs.channels:
        return f"wanted {needs.channels} channels for {point.bundle}, found {channels}; set channels or columns"
    return ""
