from __future__ import annotations

import builtins
import sys
import threading

import numpy as np
import pytest

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import MicrophoneSource as Settings
from edge_contracts.verdict import Cause
from edge_runtime.capture import microphone
from edge_runtime.capture.microphone import MicrophoneSource, chosen
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.frames import Window
from tests.edge_runtime.capture.source_contract import WindowContract
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.input_stream import FakeInput


def heard(clock: FakeClock | None = None, *, channels: int = 1, hop_s: float | None = None, **how) -> MicrophoneSource:
    clock = clock or FakeClock()
    settings = Settings(kind="microphone", rate_hz=1000, window_s=0.2, hop_s=hop_s, channels=channels)
    return MicrophoneSource(settings, lambda _: FakeInput(clock, channels=channels, **how), clock, threading.Event())


def absent(settings: Settings) -> FakeInput:
    raise SourceLost(f"wanted a microphone {settings.device!r}, found none; check the plug and the name")


class TestMicrophone(WindowContract):
    @pytest.fixture
    def source(self) -> MicrophoneSource:
        source = heard()
        source.open()
        return source

    @pytest.fixture
    def absent(self) -> MicrophoneSource:
        return MicrophoneSource(Settings(kind="microphone"), absent, FakeClock(), threading.Event())


def readings(source: MicrophoneSource, count: int) -> list:
    source.open()
    found = []
    for _ in range(count):
        source.advance()
        found.append(source.reading())
    return found


def test_windows_follow_one_another_without_a_hole() -> None:
    found = readings(heard(), 4)
    np.testing.assert_array_equal(np.concatenate([one.values[:, 0] for one in found]), np.arange(800))


def test_windows_overlap_by_what_the_hop_leaves() -> None:
    found = readings(heard(hop_s=0.05), 3)
    assert [one.values[0, 0] for one in found] == [0, 50, 100]
    assert {len(one.values) for one in found} == {200}


def test_channels_stay_apart() -> None:
    (window,) = readings(heard(channels=2), 1)
    np.testing.assert_allclose(window.values[:3], [[0, 0.1], [1, 1.1], [2, 2.1]], atol=1e-6)


def test_a_window_is_dated_by_its_last_sample_and_not_by_its_reader() -> None:
    clock = FakeClock()
    source = heard(clock)
    source.open()
    begun_ns = clock.now_ns()
    clock.advance(0.3)
    source.advance()
    assert source.reading().captured_at_ns - begun_ns == pytest.approx(0.2 * NS_PER_S)


def test_what_the_driver_lost_makes_one_unknown_and_nothing_is_glued_over_it() -> None:
    clock = FakeClock()
    source = heard(clock)
    first = readings(source, 1)[0]
    clock.advance(0.9)
    source.advance()
    lost = source.reading()
    source.advance()
    after = source.reading()
    assert isinstance(lost, BadReading)
    assert lost.cause is Cause.GAP
    assert (first.number, lost.number, after.number, source.overruns) == (1, 2, 3, 1)
    assert np.all(np.diff(after.values[:, 0]) == 1)


def test_samples_that_vanish_without_a_word_are_missed() -> None:
    source = heard(lose=(450, 400))
    found = readings(source, 6)
    assert [isinstance(one, BadReading) for one in found].count(True) == 1
    assert source.gaps == 1
    for one in found:
        assert isinstance(one, BadReading) or np.all(np.diff(one.values[:, 0]) == 1)


def test_a_card_that_runs_at_another_rate_is_noticed() -> None:
    faults = [one for one in readings(heard(really_hz=1300), 12) if isinstance(one, BadReading)]
    assert faults
    assert "is the rate set right?" in faults[0].reason


def test_a_crystal_that_is_a_little_off_is_none_of_that() -> None:
    found = readings(heard(really_hz=1000.1), 300)
    assert all(isinstance(one, Window) for one in found)


def test_a_microphone_that_falls_silent_is_lost_after_its_time_out() -> None:
    clock = FakeClock()
    source = heard(clock, mute_after=300)
    readings(source, 1)
    begun_ns = clock.now_ns()
    with pytest.raises(SourceLost, match=r"within 2 s, found none; check the plug"):
        source.advance()
    assert (clock.now_ns() - begun_ns) / NS_PER_S == pytest.approx(2.2, abs=0.2)


def test_a_microphone_that_is_pulled_out_is_lost_and_closed_once() -> None:
    clock = FakeClock()
    streams = []

    def opened(_: Settings) -> FakeInput:
        streams.append(FakeInput(clock, gone_after=250))
        return streams[-1]

    source = MicrophoneSource(Settings(kind="microphone", rate_hz=1000), opened, clock, threading.Event())
    source.open()
    with pytest.raises(SourceLost, match="device unavailable"):
        source.advance()
    source.close()
    source.close()
    assert streams[0].closed == 1


def test_a_source_that_is_being_stopped_waits_for_no_sample() -> None:
    clock, stop = FakeClock(), threading.Event()
    source = MicrophoneSource(Settings(kind="microphone"), lambda _: FakeInput(clock), clock, stop)
    source.open()
    stop.set()
    with pytest.raises(SourceLost, match="being stopped"):
        source.advance()


NAMES = ["HDA Intel: ALC887 (hw:0,0)", "USB Audio: - (hw:1,0)", "default", "USB Audio: - (hw:2,0)"]


@pytest.mark.parametrize(("wanted", "index"), [("default", 2), ("hw:1,0", 1), ("alc887", 0)])
def test_a_device_is_found_by_its_name_or_a_part_of_it(wanted: str, index: int) -> None:
    assert chosen(NAMES, wanted) == index


@pytest.mark.parametrize(("wanted", "said"), [("usb audio", "2 of that name"), ("webcam", "none among 'HDA")])
def test_a_device_that_is_not_there_or_not_the_only_one_is_refused(wanted: str, said: str) -> None:
    with pytest.raises(SourceLost, match=said):
        chosen(NAMES, wanted)


@pytest.mark.parametrize(
    ("error", "said"),
    [(ImportError("none"), r"lepton-edge\[sound\]"), (OSError("no PortAudio"), "apt-get install libportaudio2")],
)
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "sounddevice":
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=said):
        microphone.require()
