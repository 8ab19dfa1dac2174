"""A real kernel's sound card (snd-aloop) through PortAudio: what is played into one end is heard at the other."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import MicrophoneSource as MicrophoneSettings
from edge_runtime.capture.microphone import MicrophoneSource, build
from edge_runtime.clock import MonotonicClock
from tests.edge_runtime.capture.source_contract import WindowContract

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.device, pytest.mark.timeout(300)]

RATE_HZ = 16_000
PLAYED_END = "hw:Loopback,0,0"
HEARD_END = "hw:0,1"
PATIENCE_S = 30.0


def source_of(device: str) -> MicrophoneSource:
    settings = MicrophoneSettings(kind="microphone", device=device, rate_hz=RATE_HZ, window_s=0.25, read_timeout_s=5)
    return build(settings, MonotonicClock(), threading.Event())


@pytest.fixture
def noise() -> Iterator[None]:
    """White noise at full loudness."""
    command = ["aplay", "-q", "-D", PLAYED_END, "-f", "S16_LE", "-r", str(RATE_HZ), "-c", "1", "/dev/urandom"]
    player = subprocess.Popen(command)
    yield
    player.kill()
    player.wait(PATIENCE_S)


class TestMicrophoneOnARealKernel(WindowContract):
    @pytest.fixture
    def source(self, noise: None) -> Iterator[MicrophoneSource]:  # noqa: ARG002 - something must be played
        source = source_of(HEARD_END)
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self) -> MicrophoneSource:
        return source_of("no such card")


@pytest.mark.usefixtures("noise")
def test_what_is_played_is_heard_at_its_loudness() -> None:
    source = source_of(HEARD_END)
    source.open()
    until_s = time.monotonic() + PATIENCE_S
    while not WindowContract.next_window(source).values.any():
        assert time.monotonic() < until_s, "wanted the player's noise, found silence"
    heard = [WindowContract.next_window(source).values for _ in range(3)]
    source.close()
    loudness = np.sqrt(np.mean(np.square(np.concatenate(heard))))
    assert loudness == pytest.approx(1 / np.sqrt(3), abs=0.05)
