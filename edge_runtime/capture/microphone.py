"""A microphone or line input through PortAudio, read as windows; samples that were lost are never glued over.

Nobody waits inside a driver: PortAudio's thread lays samples down, the source asks how many there are. So a device that
dies costs a time-out and no thread.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edge_contracts.errors import MissingExtraError
from edge_contracts.verdict import Cause
from edge_runtime.capture.held_samples import HeldSamples
from edge_runtime.capture.sample_clock import SampleClock
from edge_runtime.capture.source import BadReading, Reading, SourceLost
from edge_runtime.capture.window_buffer import WindowBuffer
from edge_runtime.frames import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import MicrophoneSource as MicrophoneSettings
    from edge_runtime.clock import Clock

_NS_PER_S = 1_000_000_000
_BUFFERED_S = 0.5
"""What the driver is asked to hold; it hands over a part of it at a time."""
_HELD_S = 2.0
"""What is held between PortAudio's thread and ours: a reader that the system did not run for so long loses nothing."""
_FLOAT_BYTES = 4
_POLL_MAX_S = 0.1
_POLL_MIN_S = 0.005
_PORTAUDIO_WAIT_S = 10.0
_SHOWN_DEVICES = 8

_portaudio = threading.Lock()
"""PortAudio is one per process, and its opening and closing is not safe between threads."""


class InputStream(Protocol):
    """An open input."""

    @property
    def read_available(self) -> int:
        """Samples that can be read without waiting."""
        ...

    def read(self, frames: int) -> tuple[bytes, bool]:
        """At most so many samples as bytes of interleaved float32, and whether some were lost before them."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class MicrophoneSource:
    """Windows of one input device.

    Args:
        settings: device, rate, channels, window and hop.
        open_stream: opens the device, or raises SourceLost.
        clock: stamps the windows.
        stop: ends the wait for samples.

    Attributes:
        overruns: times that the driver said that it lost samples.
        gaps: times that samples were missing although it said nothing.
    """

    def __init__(
        self,
        settings: MicrophoneSettings,
        open_stream: Callable[[MicrophoneSettings], InputStream],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self.overruns = 0
        self.gaps = 0
        self._settings = settings
        self._open_stream = open_stream
        self._clock = clock
        self._stop = stop
        window = max(round(settings.window_s * settings.rate_hz), 1)
        hop = max(round((settings.hop_s or settings.window_s) * settings.rate_hz), 1)
        self._buffer = WindowBuffer(window, min(hop, window), settings.channels)
        self._pace = SampleClock(settings.rate_hz)
        self._stream: InputStream | None = None
        self._number = 0
        self._captured_at_ns = 0
        self._fault = ""

    def open(self) -> None:
        """Open the device.

        Raises:
            SourceLost: it is not there, busy, or refuses the rate or the channels.
        """
        self.close()
        self._buffer.clear()
        self._pace.restart()
        self._number = 0
        self._stream = self._open_stream(self._settings)

    def advance(self) -> None:
        """Wait until the next window is complete, or until samples were lost.

        Raises:
            SourceLost: the device is gone, or silent for longer than its time-out.
        """
        self._fault = ""
        left = self._buffer.wanted()
        heard_at_ns = self._clock.now_ns()
        while left and not self._fault:
            taken = self._take(left)
            left -= taken
            now_ns = self._clock.now_ns()
            heard_at_ns = now_ns if taken else heard_at_ns
            if left and not self._fault:
                self._wait_for(left, (now_ns - heard_at_ns) / _NS_PER_S)
        self._number += 1

    def reading(self) -> Reading:
        """Hand over the window, or say what was lost."""
        if self._fault:
            return BadReading("", self._number, self._captured_at_ns, self._fault, Cause.GAP)
        return Window(self._buffer.window(), self._settings.rate_hz, self._captured_at_ns, self._number)

    def close(self) -> None:
        """Let go of the device."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _take(self, wanted: int) -> int:
        """Samples that were taken; a loss sets the fault and begins a new window."""
        if self._stream is None:
            raise SourceLost("wanted an open microphone, found it closed; check that it was opened")
        available = self._stream.read_available
        now_ns = self._clock.now_ns()
        if not available:
            return 0
        content, lost = self._stream.read(min(available, wanted))
        samples = np.frombuffer(content, np.float32).reshape(-1, self._settings.channels)
        self._captured_at_ns = now_ns - (available - len(samples)) * _NS_PER_S // self._settings.rate_hz
        missing = self._pace.observe(self._captured_at_ns, len(samples))
        if lost:
            self.overruns += 1
            self._begin_anew(
                f"wanted every sample, found that the driver lost some ({self.overruns} times); is the board busy?"
            )
        elif missing:
            self.gaps += 1
            self._begin_anew(missing)
        else:
            self._buffer.add(samples)
        return len(samples)

    def _begin_anew(self, fault: str) -> None:
        self._fault = fault
        self._buffer.clear()
        self._pace.restart()

    def _wait_for(self, samples: int, silent_s: float) -> None:
        if self._stop.is_set():
            raise SourceLost("wanted sound, found that the source is being stopped")
        if silent_s > self._settings.read_timeout_s:
            raise SourceLost(
                f"wanted sound from {self._settings.device!r} within {self._settings.read_timeout_s:g} s, found none; "
                "check the plug and whether another program holds it"
            )
        due_s = samples / self._settings.rate_hz
        self._clock.wait(self._stop, min(max(due_s, _POLL_MIN_S), _POLL_MAX_S))


def build(settings: MicrophoneSettings, clock: Clock, stop: threading.Event) -> MicrophoneSource:
    """Make the source that the configuration asks for."""
    return MicrophoneSource(settings, open_portaudio, clock, stop)


def require() -> None:
    """Check that PortAudio can be loaded.

    Raises:
        MissingExtraError: sounddevice or PortAudio is not installed.
    """
    _load_sounddevice()


def open_portaudio(settings: MicrophoneSettings) -> InputStream:
    """Open the device that the settings name.

    Raises:
        SourceLost: it is not there, several have the name, or it refuses rate or channels.
        MissingExtraError: sounddevice or PortAudio is not installed.
    """
    sounddevice = _load_sounddevice()
    if not _portaudio.acquire(timeout=_PORTAUDIO_WAIT_S):
        raise SourceLost("wanted to open a microphone, found PortAudio busy with another; check the other's driver")
    try:
        # Devices are listed at the first of several nested initialisations: one per open stream, so that a device
        # that was plugged in again is found.
        sounddevice._initialize()  # noqa: SLF001 - there is no public name for it
        try:
            return _Opened(sounddevice, settings)
        except BaseException:
            sounddevice._terminate()  # noqa: SLF001 - the same
            raise
    finally:
        _portaudio.release()


class _Opened:
    """A started PortAudio stream whose errors are SourceLost.

    PortAudio's own thread brings the samples. Its face without a thread gives nothing behind some of ALSA's plug-ins
    until a read blocks, and tells no loss there.
    """

    def __init__(self, sounddevice: Any, settings: MicrophoneSettings) -> None:
        self._sounddevice = sounddevice
        self._device = settings.device
        self._sample_bytes = settings.channels * _FLOAT_BYTES
        self._held = HeldSamples(int(_HELD_S * settings.rate_hz) * self._sample_bytes)
        found = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
        index = chosen([str(device["name"]) for device in found], settings.device)
        try:
            self._stream = sounddevice.RawInputStream(
                samplerate=settings.rate_hz,
                device=found[index]["index"],
                channels=settings.channels,
                dtype="float32",
                latency=_BUFFERED_S,
                callback=lambda content, _frames, _time, status: self._held.put(
                    bytes(content), lost=status.input_overflow
                ),
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise SourceLost(
                f"wanted {settings.channels} channels at {settings.rate_hz} Hz from {found[index]['name']!r}, found: "
                f"{error}; check rate_hz, channels and whether another program holds it"
            ) from error

    @property
    def read_available(self) -> int:
        available = self._held.size // self._sample_bytes
        if not available and not self._stream.active:
            raise SourceLost(f"wanted sound from {self._device!r}, found that the device ended it; check the plug")
        return available

    def read(self, frames: int) -> tuple[bytes, bool]:
        return self._held.take(frames * self._sample_bytes)

    def close(self) -> None:
        with _portaudio:
            try:
                self._stream.close(ignore_errors=True)
            finally:
                self._sounddevice._terminate()  # noqa: SLF001 - see open_portaudio


def chosen(names: Sequence[str], wanted: str) -> int:
    """Which of the devices is meant: the one of this name, or the only one with it in its name.

    Raises:
        SourceLost: none or several.
    """
    if wanted in names:
        return names.index(wanted)
    meant = [index for index, name in enumerate(names) if wanted.casefold() in name.casefold()]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(repr(name) for name in names[:_SHOWN_DEVICES]) or "no input at all"
    several = f"{len(meant)} of that name" if meant else "none"
    raise SourceLost(f"wanted a microphone {wanted!r}, found {several} among {known}; check the plug and the name")


def _load_sounddevice() -> Any:
    is_first = "sounddevice" not in sys.modules
    try:
        import sounddevice  # noqa: PLC0415 - a station without a microphone needs none
    except ImportError as error:
        raise MissingExtraError(
            f"wanted sounddevice to hear a microphone, found it missing ({error}); pip install 'lepton-edge[sound]'"
        ) from error
    except OSError as error:
        raise MissingExtraError(
            f"wanted PortAudio to hear a microphone, found: {error}; apt-get install libportaudio2"
        ) from error
    if is_first:
        # Its import initialises PortAudio, which would keep the list of devices of that moment for ever.
        sounddevice._terminate()  # noqa: SLF001 - there is no public name for it
    return sounddevice
