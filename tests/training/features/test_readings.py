"""A sensor's readings become figures that a maintenance engineer knows, and the detector's graph computes them."""

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.frames import Window
from training.features.feature_part import hear_features
from training.features.readings import figure_names, in_units, reading_names, readings_part

RATE_HZ = 1000.0


def window(values, rate_hz=RATE_HZ):
    return Window(np.asarray(values, np.float32).reshape(len(values), -1), rate_hz, 0, 1, "one.wav")


def noise(seed, samples=2000, channels=1):
    return np.random.default_rng(seed).normal(3.0, 2.0, (samples, channels))


def figures(part, one):
    """By name, in the sensor's unit, of the first input."""
    found = hear_features(part, [one])[0][0].reshape(-1)
    return {
        name: in_units(part.heard, place, float(value))
        for place, (name, value) in enumerate(zip(reading_names(part.heard), found, strict=True))
    }


def test_a_level_is_the_mean_of_its_stretch_and_the_spread_is_the_deviation():
    good = [window(noise(seed)) for seed in range(5)]
    found = figures(readings_part(good), good[0])
    stretches = good[0].values.reshape(8, -1).mean(axis=1)
    told = [found[f"channel 1: level in stretch {number} of 8"] for number in range(1, 9)]
    np.testing.assert_allclose(told, stretches, rtol=1e-4)
    assert found["channel 1: spread"] == pytest.approx(good[0].values.std(), rel=1e-4)


def test_a_knock_raises_peak_and_tails_and_leaves_other_channels_alone():
    good = [window(noise(seed, channels=2)) for seed in range(5)]
    part = readings_part(good)
    struck = good[0].values.copy()
    struck[700, 1] += 40
    before, after = figures(part, good[0]), figures(part, window(struck))
    assert after["channel 2: peak to spread"] > 3 * before["channel 2: peak to spread"]
    assert after["channel 2: weight of tails"] > 10 * before["channel 2: weight of tails"]
    assert {name for name in before if after[name] != pytest.approx(before[name], abs=1e-4)} <= {
        name for name in before if name.startswith("channel 2")
    }


@pytest.mark.parametrize("share", [0.1, 0.01, 0.001])
def test_a_quiet_channel_whose_level_drifts_has_the_tails_of_noise(share):
    random = np.random.default_rng(0)
    good = [window(level + share * random.normal(size=4000)) for level in random.normal(size=20)]
    found = figures(readings_part(good), good[0])
    assert found["channel 1: weight of tails"] == pytest.approx(3, abs=0.3)
    assert found["channel 1: spread"] == pytest.approx(share, rel=0.05)


def test_a_level_is_no_hum():
    """The windowed sines have no mean: a part that is heavier does not sound different."""
    good = [window(level + 0.01 * noise(seed)[:, 0]) for seed, level in enumerate((0.0, 5.0, 10.0))]
    part = readings_part(good)
    shaken = good[0].values - good[0].values.mean()
    light, heavy = (figures(part, window(shaken + level)) for level in (0, 10))
    for name in light:
        if name.endswith("Hz"):
            assert heavy[name] == pytest.approx(light[name], rel=0.01)


def test_a_tone_is_told_in_its_band_by_its_rms():
    at = np.arange(2000) / RATE_HZ
    good = [window(noise(seed)[:, 0] * 0.01) for seed in range(5)]
    part = readings_part(good)
    hum = good[0].values[:, 0] + 0.3 * np.sin(2 * np.pi * 100 * at)
    before, after = figures(part, good[0]), figures(part, window(hum))
    grown = {name: after[name] / before[name] for name in before if name.endswith("Hz")}
    name = max(grown, key=grown.__getitem__)
    low, high = (float(word) for word in name.removeprefix("channel 1: ").removesuffix(" Hz").split(" to "))
    assert low <= 100 <= high
    assert after[name] == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_readings_without_a_rate_have_bands_in_cycles_per_sample():
    part = readings_part([window(noise(seed), rate_hz=0.0) for seed in range(3)])
    assert part.heard.rate_hz is None
    assert figure_names(part.heard)[-1].endswith("cycles per sample")


@pytest.mark.parametrize("samples", [64, 71, 100, 129, 5000, 20_000])
def test_every_length_from_64_on_gives_the_figures_that_are_named(samples):
    good = [window(noise(seed, samples, 3)) for seed in range(2)]
    part = readings_part(good)
    found = hear_features(part, good[:1])[0]
    assert found.shape[1:] == (1, 1, len(reading_names(part.heard)))
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("recordings", "words"),
    [
        ([window(noise(0, 63))], "64 or more readings in each recording, found 63 in one.wav"),
        ([window(noise(0)), window(noise(1), 500.0)], "same channels and rate, found 1 at 500 Hz, 1 at 1000 Hz"),
        ([window(noise(0)), window(noise(1, channels=2))], "same channels and rate"),
        ([window(np.full((100, 1), 7.0))], "channels that change, found channel 1 always at 7"),
        ([window(np.full((100, 1), np.nan))], "found NaN or infinity in one.wav"),
        ([], "found no recording"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_words(recordings, words):
    with pytest.raises(BadInputError, match=words):
        readings_part(recordings)
