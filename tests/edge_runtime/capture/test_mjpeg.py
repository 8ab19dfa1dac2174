"""A real HTTP server on the loopback plays the camera."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import MjpegSource as MjpegSettings
from edge_runtime.capture.mjpeg import MjpegSource
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.clock import MonotonicClock
from edge_runtime.frames import Frame
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.clock import FakeClock
from tests.fakes.mjpeg_camera import HEAD, MjpegCamera, jpeg, part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SILENCE_S = 0.3


def source_of(url: str) -> MjpegSource:
    settings = MjpegSettings(kind="mjpeg", url=url, open_timeout_s=2.0, read_timeout_s=SILENCE_S)
    return MjpegSource(settings, MonotonicClock())


@pytest.fixture
def plug_in() -> Iterator[Callable[..., MjpegCamera]]:
    cameras: list[MjpegCamera] = []

    def plugged_in(**traits: object) -> MjpegCamera:
        cameras.append(MjpegCamera(**traits))
        return cameras[-1]

    yield plugged_in
    for camera in cameras:
        camera.unplug()


@pytest.fixture
def opened(plug_in: Callable[..., MjpegCamera]) -> Iterator[Callable[..., MjpegSource]]:
    sources: list[MjpegSource] = []

    def open_source(**traits: object) -> MjpegSource:
        sources.append(source_of(plug_in(**traits).url))
        sources[-1].open()
        return sources[-1]

    yield open_source
    for source in sources:
        source.close()


class TestMjpeg(SourceContract):
    @pytest.fixture
    def source(self, opened: Callable[..., MjpegSource]) -> MjpegSource:
        return opened()

    @pytest.fixture
    def absent(self) -> MjpegSource:
        return source_of("http://127.0.0.1:1/video")


class TestMjpegWithoutLengths(SourceContract):
    @pytest.fixture
    def source(self, opened: Callable[..., MjpegSource]) -> MjpegSource:
        return opened(make_part=lambda number: part(jpeg(number), headers=""))

    @pytest.fixture
    def absent(self, plug_in: Callable[..., MjpegCamera]) -> MjpegSource:
        return source_of(plug_in(head=b"HTTP/1.0 404 Not Found\r\n\r\n").url)


def test_of_what_waits_only_the_newest_is_given(opened: Callable[..., MjpegSource]) -> None:
    several = b"".join(part(jpeg(seed, level)) for seed, level in enumerate((30, 90, 200)))
    source = opened(make_part=lambda _: several, period_s=10.0)
    level = SourceContract.next_frame(source).pixels.mean()
    assert level == pytest.approx(200, abs=10)


def test_what_comes_in_a_burst_after_a_silence_is_dropped_but_for_the_last(plug_in: Callable[..., MjpegCamera]) -> None:
    sent = ((100,), (30, 40, 50, 220), (150,))
    camera = plug_in(
        make_part=lambda number: b"".join(part(jpeg(number, level)) for level in sent[number]),
        period_s=0.5,
        last=len(sent),
    )
    settings = MjpegSettings(kind="mjpeg", url=camera.url, read_timeout_s=2.0)
    source = MjpegSource(settings, MonotonicClock())
    source.open()
    source.advance()
    assert SourceContract.next_frame(source).pixels.mean() == pytest.approx(220, abs=10)
    source.close()


class HeldBack:
    """A stream whose pieces come so many seconds after each other, by the clock."""

    def __init__(self, clock: FakeClock, *pieces: tuple[float, bytes]) -> None:
        self.headers = {"Content-Type": "multipart/x-mixed-replace; boundary=frame"}
        self._clock = clock
        self._pieces = list(pieces)

    def read(self, until_ns: int) -> bytes:
        del until_ns
        after_s, piece = self._pieces.pop(0)
        self._clock.advance(after_s)
        return piece

    def has_more(self, timeout_s: float) -> bool:
        return bool(self._pieces) and self._pieces[0][0] <= timeout_s

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("silence_s", "levels"), [(0.5, [100, 220, 150]), (0.03, [100, 30, 90, 220, 150])])
def test_pictures_that_were_held_back_and_come_one_by_one_are_no_fresh_ones(
    monkeypatch: pytest.MonkeyPatch, silence_s: float, levels: list[int]
) -> None:
    """After a silence each may be a few milliseconds behind the other; without one that is a fast camera."""
    clock = FakeClock()
    sent = ((0.0, 100), (silence_s, 30), (0.003, 90), (0.003, 220), (0.03, 150))
    pieces = [(after_s, part(jpeg(seed, level))) for seed, (after_s, level) in enumerate(sent)]
    stream = HeldBack(clock, *pieces)
    monkeypatch.setattr("edge_runtime.capture.mjpeg.open_stream", lambda *_, **__: stream)
    source = MjpegSource(MjpegSettings(kind="mjpeg", url="http://camera.local/", read_timeout_s=2.0), clock)
    source.open()
    assert [SourceContract.next_frame(source).pixels.mean() for _ in levels] == pytest.approx(levels, abs=10)


def test_a_picture_that_lagged_by_the_cameras_own_time_is_dated_old(opened: Callable[..., MjpegSource]) -> None:
    def stamped(number: int) -> bytes:
        body = jpeg(number)
        stamp_s = 100.0 if number == 0 else 50.0
        return part(body, f"Content-Length: {len(body)}\r\nX-Timestamp: {stamp_s}\r\n")

    source = opened(make_part=stamped, period_s=0.05, last=2)
    source.advance()
    source.advance()
    age_s = (MonotonicClock.now_ns() - source.reading().captured_at_ns) / 1e9
    assert age_s == pytest.approx(50, abs=1)


def test_a_camera_that_sends_one_picture_again_is_seen_to(opened: Callable[..., MjpegSource]) -> None:
    frozen_from = 3
    source = opened(make_part=lambda number: part(jpeg(min(number, frozen_from))))
    repeats = []
    while len(repeats) < 40 and (not repeats or repeats[-1] < 2):
        source.advance()
        frame = source.reading()
        assert isinstance(frame, Frame)
        repeats.append(frame.repeats)
    assert repeats[0] == 0
    assert repeats[-1] == 2


def test_a_jpeg_is_decoded_only_when_its_picture_is_wanted(
    opened: Callable[..., MjpegSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []

    def count(_: bytes, name: str) -> np.ndarray:
        decoded.append(name)
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr("edge_runtime.capture.mjpeg.decode_picture", count)
    source = opened()
    for _ in range(5):
        source.advance()
    assert decoded == []
    source.reading()
    assert len(decoded) == 1


@pytest.mark.parametrize("harm", [
    lambda body: body[: len(body) // 2],
    lambda body: body[:500] + bytes(len(body) - 502) + body[-2:],
    lambda _: b"<html>busy</html>",
])  # fmt: skip
def test_a_damaged_jpeg_is_a_bad_picture(opened: Callable[..., MjpegSource], harm: Callable[[bytes], bytes]) -> None:
    source = opened(make_part=lambda number: part(harm(jpeg(number))))
    source.advance()
    bad = source.reading()
    assert isinstance(bad, BadReading)
    assert "wanted a" in bad.reason


def test_a_camera_that_falls_silent_is_lost_in_time(opened: Callable[..., MjpegSource]) -> None:
    source = opened(last=1)
    source.advance()
    begun_s = time.monotonic()
    with pytest.raises(SourceLost, match=r"wanted a picture .* found silence; check the camera's power"):
        source.advance()
    assert time.monotonic() - begun_s < SILENCE_S * 4


def test_a_camera_that_gives_one_byte_at_a_time_is_lost_in_time(opened: Callable[..., MjpegSource]) -> None:
    source = opened(make_part=lambda _: b"x", period_s=0.02)
    with pytest.raises(SourceLost, match="found silence"):
        source.advance()


def test_a_camera_that_hangs_up_is_lost(opened: Callable[..., MjpegSource]) -> None:
    source = opened(make_part=lambda _: part(jpeg()) + b"--frame--\r\n")
    with pytest.raises(SourceLost, match=r"found another stream .*ends the stream"):
        _read_on(source)


def _read_on(source: MjpegSource) -> None:
    for _ in range(3):
        source.advance()


def test_a_stream_of_garbage_is_lost(opened: Callable[..., MjpegSource]) -> None:
    source = opened(make_part=lambda number: np.random.default_rng(number).bytes(50_000))
    with pytest.raises(SourceLost, match=r"found another stream \(wanted at most 16384 bytes between two parts"):
        source.advance()


@pytest.mark.parametrize(("head", "says"), [
    (b"HTTP/1.0 503 Busy\r\n\r\n", "the answer 503"),
    (b"SSH-2.0-camera\r\n\r\n", "no HTTP"),
    (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n", "multipart/x-mixed-replace"),
    (HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), "in chunks"),
    (b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", "HTTPException"),
    (b"x" * 70_000, "longer than"),
])  # fmt: skip
def test_an_answer_that_is_no_stream_of_pictures_is_told(
    plug_in: Callable[..., MjpegCamera], head: bytes, says: str
) -> None:
    source = source_of(plug_in(head=head, last=0).url)
    with pytest.raises(SourceLost, match=says):
        source.open()
    assert source._stream is None


def test_a_head_that_never_comes_is_waited_for_no_longer_than_the_time_out(plug_in: Callable[..., MjpegCamera]) -> None:
    source = source_of(plug_in(head=b"", last=0).url)
    begun_s = time.monotonic()
    with pytest.raises(SourceLost, match="found silence"):
        source.open()
    assert time.monotonic() - begun_s < SILENCE_S * 4


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(SourceLost, match=r"from http://camera\.local, found an address that is none") as refused:
        source_of("http://operator:s3#cret@camera.local/").open()
    assert "s3" not in str(refused.value)


def test_a_user_and_password_are_sent_and_never_shown(
    plug_in: Callable[..., MjpegCamera], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    camera = plug_in(login="operator:s3cret/ä", last=1)
    with_password = camera.url.replace("//", "//operator:s3cret%2F%C3%A4@")
    source = source_of(with_password)
    source.open()
    source.advance()
    with pytest.raises(SourceLost) as silent:
        source.advance()
    source.close()
    with pytest.raises(SourceLost, match="found that it refuses this user and password;") as refused:
        source_of(with_password.replace("s3cret", "wr0ng")).open()
    with pytest.raises(SourceLost, match="found that it asks for a user and password"):
        source_of(camera.url).open()
    told = "".join([str(silent.value), str(refused.value), caplog.text])
    assert "s3cret" not in told
    assert "wr0ng" not in told
