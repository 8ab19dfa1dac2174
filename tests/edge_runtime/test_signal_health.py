from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge_contracts.station import MicrophoneSource, SerialSource, SignalHealth, SoundFilesSource
from edge_contracts.verdict import Cause
from edge_runtime.frames import Window
from edge_runtime.signal_health import SignalCheck, SignalLimits, longest_run
from edge_runtime.signals.feeder import Needs
from tests.fakes.parts import point
from tests.fakes.sounds import RATE_HZ, noise

SOURCES = {
    "microphone": MicrophoneSource(kind="microphone"),
    "files": SoundFilesSource(kind="sound-files", path="/sounds"),
    "serial": SerialSource(kind="serial", port="/dev/ttyUSB0"),
}


def check(source: str = "microphone", needs: Needs | None = None, **health: Any) -> SignalCheck:
    asked = point(source=SOURCES[source], signal_health=SignalHealth(**health))
    return SignalCheck(SignalLimits.of(asked), needs or Needs())


def cause(values: Any, source: str = "microphone", needs: Needs | None = None, **health: Any) -> Cause | None:
    window = Window(np.asarray(values, np.float32), RATE_HZ, 1, 1)
    ailment = check(source, needs, **health).examine(window)
    return ailment.cause if ailment else None


def with_some(share: float, value: float) -> np.ndarray:
    values = noise(1.0)
    values[:: round(1 / share)] = value
    return values


@pytest.mark.parametrize("source", SOURCES)
def test_a_lively_signal_can_be_judged(source: str) -> None:
    assert cause(noise(level=0.05), source) is None
    assert cause(noise(level=0.05, channels=3), source) is None


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.zeros((800, 1)), Cause.FROZEN),
        (np.full((800, 1), 0.1), Cause.FROZEN),
        (noise(level=1e-5), Cause.QUIET),
        (np.hstack([noise(), noise(level=1e-5)]), Cause.QUIET),
        (with_some(0.01, 1.0), Cause.CLIPPED),
        (with_some(0.01, -1.0), Cause.CLIPPED),
        (noise() + 0.5, Cause.OFFSET),
        (with_some(0.001, np.nan), Cause.NOT_A_NUMBER),
        (with_some(0.001, np.inf), Cause.NOT_A_NUMBER),
    ],
)
def test_what_cannot_be_heard_cannot_be_good(values: Any, wanted: Cause) -> None:
    assert cause(values) is wanted


def test_a_dropout_in_the_middle_of_a_window_is_frozen() -> None:
    values = noise(1.0)
    values[3000:3900] = 0
    assert cause(values) is Cause.FROZEN
    values[3400] = 0.01
    assert cause(values) is None


def test_a_single_sample_at_full_scale_is_no_clipping() -> None:
    values = noise(1.0)
    values[5] = 1.0
    assert cause(values) is None


def test_the_same_window_twice_is_a_driver_that_repeats_itself() -> None:
    listening, values = check(), noise()
    first = listening.examine(Window(values, RATE_HZ, 1, 1))
    again = listening.examine(Window(values.copy(), RATE_HZ, 2, 2))
    other = listening.examine(Window(noise(seed=1), RATE_HZ, 3, 3))
    assert (first, again and again.cause, other) == (None, Cause.FROZEN, None)


def test_a_file_may_hold_silence_between_two_sounds_unless_told_otherwise() -> None:
    values = noise(1.0)
    values[1000:5000] = 0
    assert cause(values, "files") is None
    assert cause(values, "files", frozen_share=0.1) is Cause.FROZEN
    assert cause(np.zeros((800, 1)), "files") is Cause.QUIET


def test_a_sensor_has_the_limits_that_its_file_gives_and_no_others() -> None:
    around = 500 + 200 * noise(1.0)
    assert cause(around, "serial") is None
    assert cause(around, "serial", highest=510) is Cause.CLIPPED
    assert cause(around, "serial", lowest=495) is Cause.CLIPPED
    assert cause(around, "serial", offset_max=100) is Cause.OFFSET
    assert cause(around, "serial", quiet_rms=50) is Cause.QUIET


def test_a_weight_that_stands_still_is_frozen_unless_the_check_is_off() -> None:
    still = np.full((20, 1), 12.5)
    assert cause(still, "serial") is Cause.FROZEN
    assert cause(still, "serial", frozen_share=0) is None
    assert cause(still[:1], "serial") is None


@pytest.mark.parametrize(
    "needs", [Needs(rate_hz=RATE_HZ + 1), Needs(samples=801), Needs(channels=2)], ids=["rate", "length", "channels"]
)
def test_a_window_that_the_model_was_not_made_for_is_not_judged(needs: Needs) -> None:
    assert cause(noise(), needs=needs) is Cause.BAD_FRAME
    assert cause(noise(), needs=Needs(RATE_HZ, 800, 1)) is None


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([[1]], 1), ([[1], [2], [2], [3]], 2), ([[1], [1]], 2), ([[1, 5], [2, 5], [3, 5]], 3), ([[0], [1], [1], [1]], 3)],
)
def test_the_longest_run_of_one_value_is_found_in_any_channel(values: list, wanted: int) -> None:
    assert longest_run(np.asarray(values, np.float32)) == wanted
