"""Calibration data are read whole and right, or refused by name."""

import wave

import cv2
import numpy as np
import pytest

from converters.calibration.samples import MOST_SAMPLES, find_calibration, read_samples
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput, TensorInput

VECTOR = TensorInput(tensor="x", shape=(1, 4), dtype="float32")
PICTURE = ImageInput(tensor="x", height_px=8, width_px=8, dtype="float32", std=(255.0,))


def read(folder, spec):
    return list(read_samples(find_calibration(str(folder)), spec))


def test_arrays_and_raw_files_are_split_into_inputs(tmp_path):
    values = np.arange(12, dtype=np.float32)
    np.save(tmp_path / "a.npy", values.reshape(3, 4))
    (tmp_path / "b.bin").write_bytes(values[:4].tobytes())
    samples = read(tmp_path, VECTOR)
    assert [sample.name for sample in samples] == ["a.npy[0]", "a.npy[1]", "a.npy[2]", "b.bin[0]"]
    np.testing.assert_array_equal(np.concatenate([s.values for s in samples[:3]]), values.reshape(3, 4))


def test_a_file_with_part_of_an_input_is_refused(tmp_path):
    (tmp_path / "b.bin").write_bytes(np.zeros(7, np.float32).tobytes()[:-2])
    np.save(tmp_path / "c.npy", np.zeros(5, np.float32))
    with pytest.raises(BadInputError, match="16 bytes for each input, found 26 bytes"):
        read(tmp_path, VECTOR)
    (tmp_path / "b.bin").unlink()
    with pytest.raises(BadInputError, match="wanted a whole number of inputs"):
        read(tmp_path, VECTOR)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path, bad):
    np.save(tmp_path / "a.npy", np.full((1, 4), bad, np.float32))
    with pytest.raises(BadInputError, match="wanted finite values"):
        read(tmp_path, VECTOR)


def test_a_pickle_is_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.asarray([{"any": "object"}], object), allow_pickle=True)
    with pytest.raises(BadInputError, match="wanted a numpy array"):
        read(tmp_path, VECTOR)


def test_values_of_another_type_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((1, 4), np.int8))
    with pytest.raises(BadInputError, match=r"wanted float32 values, the model's input type, found int8 .*astype"):
        read(tmp_path, VECTOR)


def test_a_raw_file_of_bytes_is_told_as_such(tmp_path):
    (tmp_path / "b.bin").write_bytes(bytes(10))
    with pytest.raises(BadInputError, match=r"20 bytes for each input, found 10 bytes .*, which would be 2 of int8"):
        read(tmp_path, TensorInput(tensor="x", shape=(1, 5), dtype="float32"))


def save_sound(path, frames, rate_hz=8000, channels=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.asarray([[16384] * channels] * frames, "<i2").tobytes())


WAVEFORM = TensorInput(tensor="x", shape=(1, 800), dtype="float32")


def test_sound_is_cut_into_windows_and_padded(tmp_path):
    save_sound(tmp_path / "a.wav", 1700)
    save_sound(tmp_path / "b.wav", 500)
    samples = read(tmp_path, WAVEFORM)
    assert [sample.name for sample in samples] == ["a.wav[0]", "a.wav[1]", "b.wav[0]"]
    np.testing.assert_allclose(samples[0].values, 0.5)
    np.testing.assert_allclose(samples[2].values[0, 500:], 0)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (TensorInput(tensor="x", shape=(1, 49, 10, 1), dtype="float32"), r"wanted arrays of shape \(1, 49, 10, 1\)"),
        (PICTURE, r"wanted arrays of shape \(1, 8, 8, 3\)"),
        (TensorInput(tensor="x", shape=(1, 640), dtype="float32"), "640 samples are 80 ms, too short for a waveform"),
    ],
)
def test_a_sound_for_a_model_that_takes_no_waveform_is_refused(tmp_path, spec, sentence):
    save_sound(tmp_path / "a.wav", 8000)
    with pytest.raises(BadInputError, match=sentence + r".* as \.npy files"):
        read(tmp_path, spec)


def test_sounds_of_two_sample_rates_are_refused(tmp_path):
    save_sound(tmp_path / "a.wav", 1600)
    save_sound(tmp_path / "b.wav", 1600, rate_hz=4000)
    with pytest.raises(BadInputError, match=r"found a\.wav at 8000 Hz and b\.wav at 4000 Hz; resample"):
        read(tmp_path, WAVEFORM)


@pytest.mark.parametrize(
    ("wanted", "found", "todo"),
    [
        ((1, 4, 5, 3), (1, 3, 4, 5), "it seems transposed"),
        ((1, 4, 5, 3), (2, 3, 4, 5), "it seems transposed"),
        ((1, 4, 5, 1), (5, 4), "it seems transposed"),
        ((1, 4, 5, 3), (20, 3), "reshape it"),
    ],
)
def test_an_array_of_another_shape_is_refused_even_if_its_values_would_fit(tmp_path, wanted, found, todo):
    np.save(tmp_path / "a.npy", np.zeros(found, np.float32))
    with pytest.raises(BadInputError) as refused:
        read(tmp_path, TensorInput(tensor="x", shape=wanted, dtype="float32"))
    assert f"wanted inputs of shape {wanted}" in str(refused.value)
    assert f"found shape {found}; {todo}" in str(refused.value)


@pytest.mark.parametrize("found", [(1, 4, 5, 1), (4, 5), (4, 5, 1), (3, 4, 5, 1), (3, 1, 4, 5), (60,)])
def test_an_array_may_leave_out_axes_of_one_and_hold_several_inputs(tmp_path, found):
    np.save(tmp_path / "a.npy", np.arange(np.prod(found), dtype=np.float32).reshape(found))
    samples = read(tmp_path, TensorInput(tensor="x", shape=(1, 4, 5, 1), dtype="float32"))
    np.testing.assert_array_equal(np.concatenate([s.values.ravel() for s in samples]), np.arange(np.prod(found)))


def test_pictures_come_as_the_model_will_see_them_with_their_folder_as_label(tmp_path):
    (tmp_path / "good").mkdir()
    cv2.imwrite(str(tmp_path / "good" / "a.png"), np.full((20, 30, 3), (0, 0, 255), np.uint8))
    (sample,) = read(tmp_path, PICTURE)
    assert sample.label == "good"
    assert sample.pixels.shape == (20, 30, 3)
    np.testing.assert_allclose(sample.values[0, 0, 0], [1, 0, 0])


def test_random_inputs_are_the_same_each_time():
    first, second = (list(read_samples(find_calibration("random"), PICTURE)) for _ in range(2))
    np.testing.assert_array_equal(first[3].values, second[3].values)
    assert "random" in find_calibration("random").sentence


def test_a_large_folder_is_thinned_evenly_and_says_so(tmp_path):
    for index in range(150):
        np.save(tmp_path / f"{index:03}.npy", np.zeros((1, 4), np.float32))
    found = find_calibration(str(tmp_path))
    assert len(found.files) == MOST_SAMPLES
    assert found.files[-1].name >= "140.npy"
    assert found.sentence.startswith("150 arrays from ")
    assert found.sentence.endswith("100 of them used")


@pytest.mark.parametrize(("files", "found"), [((), "no file; put"), (("a.npy", "b.png"), "1 arrays, 1 pictures")])
def test_an_empty_or_mixed_folder_is_refused(tmp_path, files, found):
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadInputError, match=f"found {found}"):
        find_calibration(str(tmp_path))


@pytest.mark.parametrize("shape", [(9, 20, 30, 3), (9, 49, 10, 1)])
def test_arrays_may_be_stacked_along_a_first_axis(shape):
    stacked = np.zeros(shape, np.uint8 if shape[-1] == 3 else np.float32)
    one, other = find_calibration(stacked), find_calibration(list(stacked))
    assert (one.kind, one.found, [array.shape for array in one.given]) == (
        other.kind,
        9,
        [array.shape for array in other.given],
    )


@pytest.mark.parametrize("nothing", [None, 7])
def test_what_holds_no_inputs_is_no_calibration(nothing):
    with pytest.raises(BadInputError, match=r"wanted a folder, arrays or 'random' .* give a folder"):
        find_calibration(nothing)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="found no folder at"):
        find_calibration(str(tmp_path / "missing"))


def test_a_picture_for_a_model_of_numbers_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(BadInputError, match="wanted arrays of shape"):
        read(tmp_path, VECTOR)


def test_arrays_keep_the_axes_of_the_model_that_was_lowered(tmp_path):
    values = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    np.save(tmp_path / "two.npy", values)
    spec = TensorInput(tensor="x", shape=(1, 4, 5, 3), dtype="float32")
    found = list(read_samples(find_calibration(str(tmp_path)), spec, (0, 2, 3, 1)))
    np.testing.assert_array_equal(np.concatenate([sample.values for sample in found]), values.transpose(0, 2, 3, 1))


def test_large_pictures_are_not_held_but_read_again(tmp_path, monkeypatch):
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((20, 30, 3), 7, np.uint8))
    monkeypatch.setattr("converters.calibration.samples.PIXELS_HELD_BYTES", 20 * 30 * 3)
    first, second = read_samples(find_calibration(str(tmp_path)), PICTURE)
    for name in "ab":
        (tmp_path / f"{name}.png").unlink()
    assert first.pixels.shape == (20, 30, 3)
    assert second.is_picture
    with pytest.raises(BadInputError, match=r"b\.png"):
        _ = second.pixels
