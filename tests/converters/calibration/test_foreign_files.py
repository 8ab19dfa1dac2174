"""A file that is not read is named, with the way to make it one that is."""

import pytest

from converters.calibration.samples import find_calibration
from edge_contracts.errors import BadInputError


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a.ogg", "b.OGG"), r"found 2 \.ogg; save the sounds as 16-bit PCM \.wav"),
        (("a.tif", "b.tiff"), r"found 1 \.tif, 1 \.tiff; save the pictures as PNG"),
        (("a.txt", "b"), r"found 1 \.txt, 1 without a suffix; put inputs"),
        (("a.png", "b.tif"), r"found 1 \.tif; save the pictures as PNG"),
        (("a.wav", "b.mp3"), r"found 1 \.mp3; save the sounds"),
        ((".hidden",), r"found no file; put inputs"),
    ],
)
def test_what_would_be_left_out_is_named(tmp_path, names, sentence):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(BadInputError, match=sentence):
        find_calibration(tmp_path)


def test_notes_and_pictures_of_them_beside_arrays_are_let_be(tmp_path):
    for name in ("a.npy", "readme.txt", "chart.svg"):
        (tmp_path / name).touch()
    assert find_calibration(tmp_path).kind == "arrays"
