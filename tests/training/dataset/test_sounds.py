"""A folder of WAV files is a dataset like one of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Recordings, read_dataset

TONE = np.sin(np.arange(1600) / 5) / 2


def test_a_folder_per_class_of_sounds(save_sound, tmp_path):
    save_sound("good/1.wav", TONE, 8000)
    save_sound("rattle/1.wav", TONE)
    samples = read_dataset(tmp_path)
    assert [one.label for one in samples] == ["good", "rattle"]
    sounds = Recordings(samples)
    assert (len(sounds), len(sounds[1:]), sounds[0].rate_hz, sounds[1].rate_hz) == (2, 1, 8000, 16000)
    np.testing.assert_allclose(sounds[0].values, TONE[:, None], atol=1 / 32000)


def test_a_manifest_may_name_sounds(save_sound, tmp_path):
    save_sound("1.wav", TONE)
    (tmp_path / "manifest.csv").write_text("path,label,group\n1.wav,good,shift-1\n")
    assert read_dataset(tmp_path)[0].group == "shift-1"


def test_pictures_among_sounds_are_refused(save_sound, save, tmp_path):
    save_sound("good/1.wav", TONE)
    save("good/2.png", np.full((8, 8, 3), 80, np.uint8))
    with pytest.raises(BadInputError, match=r"both, such as \S*good/1\.wav and \S*good/2\.png"):
        read_dataset(tmp_path)


def test_a_sound_of_a_kind_that_is_not_read_is_told(save_sound, tmp_path):
    save_sound("good/1.wav", TONE)
    (tmp_path / "good" / "2.ogg").touch()
    with pytest.raises(BadInputError, match=r"2\.ogg; .*sounds as WAV"):
        read_dataset(tmp_path)


def test_a_damaged_sound_is_told_when_it_is_read(tmp_path):
    (tmp_path / "1.wav").write_text("damaged")
    with pytest.raises(BadInputError, match=r"1\.wav"):
        Recordings(read_dataset(tmp_path))[0]
