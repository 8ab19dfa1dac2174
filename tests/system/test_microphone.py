"""A microphone for real: PortAudio over ALSA over a PulseAudio server that paces samples in real time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pulse_server import DEVICE, RATE_HZ, PulseServer
from required import require_tool

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import MicrophoneSource as Settings
from edge_runtime.capture import microphone
from edge_runtime.capture.microphone import MicrophoneSource, build
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Window
from tests.edge_runtime.capture.source_contract import WindowContract
from tests.fakes.sound_bundles import write_loudness_bundle
from tests.fakes.sounds import noise, tone
from tests.fakes.stations import HEAD, StopAfter, run_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.live]

QUIET_S = 60.0
"""Of faint noise: longer than any test."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    try:
        microphone.require()
    except MissingExtraError as error:
        pytest.skip(f"needs PortAudio: {error}")
    server = PulseServer(tmp_path, require_tool("pulseaudio"), require_tool("pacat"))
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{server.alsa_config}")
    monkeypatch.setenv("PULSE_LATENCY_MSEC", "50")
    monkeypatch.setenv("PULSE_COOKIE", str(tmp_path / "cookie"))
    server.start()
    yield server
    server.stop()


def settings(**changes) -> Settings:
    values = {"kind": "microphone", "device": DEVICE, "rate_hz": RATE_HZ, "window_s": 0.2, "read_timeout_s": 3.0}
    return Settings(**(values | changes))


def source_of(**changes) -> MicrophoneSource:
    return build(settings(**changes), MonotonicClock(), threading.Event())


def murmur() -> np.ndarray:
    return noise(QUIET_S, level=0.05, rate_hz=RATE_HZ)


class TestRealMicrophone(WindowContract):
    @pytest.fixture
    def source(self, server: PulseServer) -> Iterator[MicrophoneSource]:
        server.play(murmur())
        source = source_of()
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self, server: PulseServer) -> MicrophoneSource:  # noqa: ARG002 - other devices must be there
        return source_of(device="no such microphone")


def windows(source: MicrophoneSource, seconds: float) -> list[Window | BadReading]:
    found, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        source.advance()
        found.append(source.reading())
    return found


def loudest_hz(window: Window) -> float:
    spectrum = np.abs(np.fft.rfft(window.values[:, 0] * np.hanning(len(window.values))))
    return float(np.argmax(spectrum) * window.rate_hz / len(window.values))


def test_a_tone_is_heard_as_it_was_played_in_real_time_and_without_a_gap(server: PulseServer) -> None:
    server.play(tone(QUIET_S, 1250.0, level=0.5, rate_hz=RATE_HZ))
    source = source_of()
    source.open()
    windows(source, 0.5)
    begun_s = time.monotonic()
    found = windows(source, 2.0)
    took_s = time.monotonic() - begun_s
    source.close()
    heard = [one for one in found if isinstance(one, Window)]
    assert len(heard) == len(found)
    assert len(heard) * 0.2 == pytest.approx(took_s, abs=0.4)
    for one in heard:
        assert loudest_hz(one) == pytest.approx(1250, abs=5)
        assert float(np.sqrt(np.mean(one.values**2))) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    whole = np.concatenate([one.values[:, 0] for one in heard])
    # A sine obeys x[n+1] + x[n-1] = 2 cos(w) x[n]: a lost or doubled sample breaks it.
    error = whole[2:] + whole[:-2] - 2 * np.cos(2 * np.pi * 1250 / RATE_HZ) * whole[1:-1]
    assert float(np.abs(error).max()) < 0.01


def test_a_window_is_no_older_than_what_the_driver_holds(server: PulseServer) -> None:
    server.play(murmur())
    source = source_of()
    source.open()
    windows(source, 1.0)
    ages_s = []
    for _ in range(5):
        source.advance()
        ages_s.append(time.monotonic() - source.reading().captured_at_ns / 1e9)
    source.close()
    assert max(ages_s) < 0.3


def test_a_dead_sound_server_is_lost_and_found_again_when_it_is_back(server: PulseServer) -> None:
    server.play(murmur())
    source = source_of()
    source.open()
    windows(source, 0.5)
    server.stop()
    with pytest.raises(SourceLost):
        windows(source, 10.0)
    source.close()
    with pytest.raises(SourceLost):
        source.open()
    source.close()
    server.start()
    server.play(murmur())
    source.open()
    assert any(isinstance(one, Window) for one in windows(source, 1.0))
    source.close()


def test_two_microphones_of_one_process_do_not_disturb_each_other(server: PulseServer) -> None:
    server.play(murmur())
    one, other = source_of(), source_of(rate_hz=8000)
    one.open()
    other.open()
    one.close()
    assert all(isinstance(window, Window) for window in windows(other, 0.5))
    one.open()
    assert all(isinstance(window, Window) for window in windows(one, 0.5))
    one.close()
    other.close()


def test_a_station_listens_and_says_good_defect_and_unknown(tmp_path: Path, server: PulseServer) -> None:
    write_loudness_bundle(
        tmp_path / "part.bundle", threshold=0.02, rate_hz=RATE_HZ, shape=(1, 1600), samples=1600, step=1600
    )
    heard = f'device = "{DEVICE}", rate_hz = {RATE_HZ}, window_s = 0.1, read_timeout_s = 1'
    point = f'source = {{ kind = "microphone", {heard} }}\n'
    (tmp_path / "station.toml").write_text(HEAD.format(deadline_ms=1000, hang_restart_s=60) + point)
    lines = StopAfter(60)

    def act() -> None:
        calm, loud = noise(1.0, level=0.05, rate_hz=RATE_HZ), noise(1.0, level=0.3, rate_hz=RATE_HZ, seed=1)
        server.play(np.concatenate([calm, loud, calm, np.zeros((2 * RATE_HZ, 1), np.float32)]))

    player = threading.Timer(1.5, act)
    ends = threading.Timer(9.0, lines.stop.set)
    player.start()
    ends.start()
    verdicts, _ = run_station(tmp_path / "station.toml", lines=lines)
    player.join()
    ends.cancel()
    assert {one["outcome"] for one in verdicts} == {"good", "defect", "unknown"}
    assert {one["cause"] for one in verdicts if one["outcome"] == "unknown"} <= {
        "frozen",
        "quiet",
        "source-lost",
        "gap",
    }
    assert list((tmp_path / "state" / "evidence").rglob("*.wav"))
