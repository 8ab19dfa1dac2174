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
    (tmp_path / "b.bin").write_bytes(np.zeros(5, np.float32).tobytes())
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
    with pytest.raises(BadInputError, match="wanted float32 values, the model's input type, found int8"):
        read(tmp_path, VECTOR)


def test_sound_is_cut_into_windows_and_padded(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.asarray([[16384, 16384]] * 9, "<i2").tobytes())
    samples = read(tmp_path, VECTOR)
    assert len(samples) == 2
    np.testing.assert_allclose(samples[0].values, 0.5)


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


@pytest.mark.parametrize(("files", "found"), [((), "none of them"), (("a.npy", "b.png"), "1 arrays, 1 pictures")])
def test_an_empty_or_mixed_folder_is_refused(tmp_path, files, found):
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadInputError, match=f"found {found}"):
        find_calibration(str(tmp_path))


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
