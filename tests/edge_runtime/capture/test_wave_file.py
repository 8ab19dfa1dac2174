from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.capture.wave_file import SoundLimits, SoundRejected, read_header, read_samples
from tests.fakes.sounds import RATE_HZ, noise, wave_bytes, write_sound

if TYPE_CHECKING:
    from pathlib import Path

CODINGS = [(8, False), (16, False), (24, False), (32, False), (32, True)]
DATA_AT = 12 + 8 + 16 + 8 + 4 + 8
"""Where samples begin in a file of `wave_bytes` with a plain header."""


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("bits", "is_float"), CODINGS)
def test_every_coding_comes_back_within_half_a_step(tmp_path: Path, bits, is_float, extensible) -> None:
    wanted = noise(channels=2)
    path = write_sound(tmp_path / "a.wav", wanted, bits=bits, is_float=is_float, extensible=extensible)
    header = read_header(path)
    assert (header.channels, header.rate_hz, header.samples) == (2, RATE_HZ, len(wanted))
    found = read_samples(path, header)
    assert found.dtype == np.float32
    # float32 itself keeps 24 bits.
    np.testing.assert_allclose(found, wanted, atol=max(0.5 / (1 << (bits - 1)), 2**-24) * 1.01)


def test_the_extremes_of_16_bits_are_minus_one_and_just_below_one(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.asarray([[-1.0], [1.0], [0.0]], np.float32))
    assert read_samples(path, read_header(path))[:, 0].tolist() == [-1.0, 32767 / 32768, 0.0]


def test_a_file_of_the_standard_library_is_read(tmp_path: Path) -> None:
    wanted = noise()
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((wanted * 32768).astype("<i2").tobytes())
    path = tmp_path / "a.wav"
    np.testing.assert_allclose(read_samples(path, read_header(path)), wanted, atol=1 / 32768)


def test_a_stretch_is_the_same_stretch_of_the_whole(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(channels=2))
    header = read_header(path)
    np.testing.assert_array_equal(read_samples(path, header, 100, 50), read_samples(path, header)[100:150])


@pytest.mark.parametrize("kept", [0, 3, 11, 20, 40, DATA_AT - 4, DATA_AT, DATA_AT + 1, -1])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wave_bytes(noise())[:kept])
    with pytest.raises(SoundRejected, match=r"wanted .* found"):
        read_header(path)


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise())
    header = read_header(path)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(SoundRejected, match="shortened"):
        read_samples(path, header)


@pytest.mark.parametrize(
    ("at", "bytes_", "said"),
    [
        (20, b"\x02\x00", "coding 2"),  # ADPCM
        (22, b"\x00\x00", "contradicts"),  # no channel
        (22, b"\xff\x00", "contradicts"),
        (24, b"\x00\x00\x00\x00", "0 Hz"),
        (34, b"\x0c\x00", "12 bits"),
        (8, b"AVI ", "none"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(tmp_path: Path, at, bytes_, said) -> None:
    content = bytearray(wave_bytes(noise()))
    content[at : at + len(bytes_)] = bytes_
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(SoundRejected, match=said):
        read_header(path)


def test_more_than_fits_into_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise())
    with pytest.raises(SoundRejected, match="cut it with window_s"):
        read_samples(path, read_header(path), limits=SoundLimits(values=10))
    with pytest.raises(SoundRejected, match="of 1 to 100 bytes"):
        read_header(path, SoundLimits(file_bytes=100))


@given(at=st.integers(0, 60), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_no_damage_raises_anything_but_a_refusal(tmp_path_factory, at: int, value: int, cut: int) -> None:
    content = bytearray(wave_bytes(noise(0.02), extensible=True))
    content[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged.wav"
    path.write_bytes(content[: len(content) - cut])
    try:
        values = read_samples(path, read_header(path))
    except SoundRejected:
        return
    assert values.dtype == np.float32
    assert values.ndim == 2
