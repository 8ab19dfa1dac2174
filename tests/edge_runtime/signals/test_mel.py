from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.manifest import MelBands
from edge_runtime.signals.mel import mel_filters, to_hz, to_mel


@pytest.mark.parametrize(
    ("scale", "hz", "mel"),
    [("htk", 0, 0), ("htk", 1000, 999.9855), ("slaney", 500, 7.5), ("slaney", 1000, 15), ("slaney", 6400, 42)],
)
def test_the_scales_are_those_of_their_definitions(scale: str, hz: float, mel: float) -> None:
    assert to_mel(np.asarray([hz], np.float64), scale)[0] == pytest.approx(mel, abs=1e-3)


@given(hz=st.floats(0, 20_000), scale=st.sampled_from(["htk", "slaney"]))
def test_hz_come_back_from_mel(hz: float, scale: str) -> None:
    assert to_hz(to_mel(np.asarray([hz]), scale), scale)[0] == pytest.approx(hz, abs=1e-6)


def test_bands_overlap_so_that_their_sum_is_level() -> None:
    weights = mel_filters(MelBands(bands=20, lowest_hz=100, highest_hz=4000, norm="none"), 16_000, 4096)
    bins_hz = np.arange(2049) * 16_000 / 4096
    edges = to_hz(np.linspace(*to_mel(np.asarray([100.0, 4000.0]), "slaney"), 22), "slaney")
    inside = (bins_hz > edges[1]) & (bins_hz < edges[-2])
    np.testing.assert_allclose(weights[inside].sum(axis=1), 1)


def test_slaneys_norm_gives_every_band_the_same_area() -> None:
    weights = mel_filters(MelBands(bands=20, highest_hz=8000), 16_000, 8192)
    np.testing.assert_allclose(weights.sum(axis=0) * 16_000 / 8192, 1, atol=0.01)
