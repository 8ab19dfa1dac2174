"""What a report says of an input that is heard: a sound's spectra, or a sensor's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_contracts.manifest import SeriesInput, SoundInput

_UNITS = {"db": "decibels", "ln": "natural logarithms", "log10": "decimal logarithms", "none": "plain numbers"}
_JOINS = {"mean": "their mean counts", "max": "the largest counts"}


def heard_takes(spec: SoundInput | SeriesInput) -> str:
    """The input in a few words."""
    if spec.kind == "sound":
        return f"sound at {spec.rate_hz:,} Hz, {spec.frames} spectra of {spec.mel.bands} mel bands, {spec.dtype}"
    rate = f" at {spec.rate_hz:g} Hz" if spec.rate_hz else ""
    return f"readings{rate}, {spec.samples} samples of {spec.channels} channels, {spec.dtype}"


def heard_preparation(spec: SoundInput | SeriesInput) -> str:
    """How a window becomes input tensors; the manifest has every figure."""
    if spec.kind == "sound":
        spectrum, mel = spec.spectrum, spec.mel
        made = (
            f"Spectra of {spectrum.frame} samples, every {spectrum.hop}, become {mel.bands} mel bands from "
            f"{mel.lowest_hz:g} to {mel.highest_hz:g} Hz, in {_UNITS[spec.level.unit]}; each run of {spec.frames} of "
            f"them, {spec.step} after the one before, is one input"
        )
    else:
        made = f"Each run of {spec.samples} samples, {spec.step} after the one before, is one input"
    return f"{made}; a window holds several, and {_JOINS[spec.join]}. A value x is centred and scaled"
