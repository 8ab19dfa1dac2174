"""What would spoil training is found, named, and told from what is worth a look."""

from __future__ import annotations

import shutil
import struct

import cv2
import numpy as np
import pytest

from training.checks import check_dataset
from training.checks.leak_safe_split import split_dataset
from training.checks.looked import look_at
from training.dataset import read_dataset
from training.dataset.amounts import FEWEST_PARTS, FEWEST_RECORDINGS

RATE = 16_000


@pytest.fixture(scope="module")
def parts():
    """Twenty-four parts with marks of their own."""
    random = np.random.default_rng(3)
    pictures = []
    for _ in range(24):
        part = np.full((60, 80, 3), (150, 140, 120), np.uint8)
        for _ in range(8):
            x, y = (int(value) for value in random.integers(4, 56, 2))
            cv2.circle(part, (x, y), 5, [int(value) for value in random.integers(40, 220, 3)], -1)
        pictures.append(np.clip(part + random.normal(0, 3, part.shape), 0, 255).astype(np.uint8))
    return pictures


@pytest.fixture
def lay(save, parts):
    """`lay("train/good", 3)` saves the first three parts there."""

    def write(folder, count, start=0):
        return [save(f"{folder}/{place}.png", parts[place]) for place in range(start, start + count)]

    return write


def found(folder):
    """The findings by check and whether they must be mended, with the names of their samples."""
    checked = check_dataset(read_dataset(folder))
    assert checked.is_sound == (not any(one.must_mend for one in checked.findings))
    return {
        (one.check, one.must_mend): sorted(sample.sample.path.name for group in one.groups for sample in group)
        for one in checked.findings
    }


def test_a_set_without_faults_has_no_findings(lay, tmp_path):
    lay("good", 24)
    assert found(tmp_path) == {}


def test_what_cannot_be_read_must_be_mended(lay, save, tmp_path):
    lay("good", 22)
    (tmp_path / "good" / "text.png").write_text("no picture")
    whole = save("good/cut.jpg", np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8))
    whole.write_bytes(whole.read_bytes()[:-200])
    save("good/raw.png", np.full((60, 80), 3000, np.uint16))
    assert found(tmp_path) == {("unreadable", True): ["cut.jpg", "raw.png", "text.png"]}


@pytest.mark.parametrize(("count", "must_mend"), [(1, True), (FEWEST_PARTS - 1, True), (FEWEST_PARTS, False)])
def test_too_few_parts_are_told(count, must_mend, lay, tmp_path):
    lay("good", count)
    assert ("amount", must_mend) in found(tmp_path)


def test_copies_do_not_count_as_parts(lay, tmp_path):
    (first,) = lay("good", 1)
    for place in range(24):
        shutil.copy(first, first.with_name(f"copy-{place}.png"))
    assert set(found(tmp_path)) == {("amount", True), ("copies", False)}


def test_one_part_taken_again_and_again_must_be_mended(save, parts, tmp_path):
    random = np.random.default_rng(0)
    large = cv2.resize(parts[0], (320, 240))
    for place in range(24):
        save(f"good/{place}.png", np.clip(large + random.normal(0, 2, large.shape), 0, 255).astype(np.uint8))
    assert ("amount", True) in found(tmp_path)


def test_good_parts_that_are_alike_beside_defects_of_another_kind_are_not_one_part(save, tmp_path):
    random = np.random.default_rng(0)
    plain = cv2.resize(random.integers(0, 255, (8, 8), np.uint8), (160, 120))
    for place in range(12):
        save(f"good/{place}.png", np.clip(plain + cv2.resize(random.normal(0, 5, (8, 8)), (160, 120)), 0, 255))
        other = cv2.resize(random.integers(0, 255, (8, 8), np.uint8), (160, 120))
        save(f"other/{place}.png", other)
    assert ("amount", True) not in found(tmp_path)


def test_a_part_on_both_sides_of_a_split_is_a_leak(lay, save, parts, tmp_path):
    lay("train/good", 20)
    lay("test/good", 4, start=20)
    save("test/good/again.png", np.clip(parts[4] * 1.1, 0, 255).astype(np.uint8))
    assert found(tmp_path) == {
        ("leak", True): ["4.png", "again.png"],
        ("balance", False): [],  # no defects to judge with
    }


def test_a_copy_on_both_sides_of_a_split_is_told_once(lay, tmp_path):
    lay("train/good", 20)
    lay("test/good", 4, start=20)
    shutil.copy(tmp_path / "train/good/4.png", tmp_path / "test/good/copy.png")
    assert found(tmp_path) == {("leak", True): ["4.png", "copy.png"], ("balance", False): []}


def test_a_group_on_both_sides_of_a_split_is_a_leak(lay, tmp_path):
    lay("pictures", 24)
    rows = [f"pictures/{place}.png,good,part-{place // 2},{'test' if place == 7 else 'train'}" for place in range(24)]
    (tmp_path / "manifest.csv").write_text("\n".join(["path,label,group,split", *rows]))
    assert found(tmp_path)["leak", True] == ["6.png", "7.png"]


def test_one_content_under_two_labels_must_be_mended(lay, tmp_path):
    lay("good", 24)
    lay("dent", 1)
    assert found(tmp_path) == {("label conflict", True): ["0.png", "0.png"], ("balance", False): []}


def test_labels_that_differ_in_writing_alone_are_told(lay, tmp_path):
    lay("good", 14)
    lay("Dent", 5, start=14)
    lay("dent_", 5, start=19)
    assert {("label conflict", False), ("amount", False)} == set(found(tmp_path))


def test_a_part_that_was_saved_anew_is_told(lay, save, parts, tmp_path):
    lay("good", 24)
    save("good/again.jpg", parts[9])
    assert found(tmp_path) == {("near-duplicates", False): ["9.png", "again.jpg"]}


def test_dark_bright_and_blurred_pictures_are_told(lay, save, parts, tmp_path):
    lay("good", 20)
    save("good/dark.png", np.clip(parts[20].astype(int) - 70, 0, 255).astype(np.uint8))
    save("good/white.png", np.clip(parts[21].astype(int) // 20 + 243, 0, 255).astype(np.uint8))
    save("good/blurred.png", cv2.GaussianBlur(parts[22], (0, 0), 3))
    checked = check_dataset(read_dataset(tmp_path))
    sentences = {one.sentence.partition(" with ")[2][:30]: one for one in checked.findings}
    names = {
        key: sorted(two.sample.path.name for group in one.groups for two in group) for key, one in sentences.items()
    }
    assert names["a mean grey outside 8 to 247: "] == ["white.png"]
    assert "dark.png" in next(value for key, value in names.items() if key.startswith("a mean grey more than"))
    assert "blurred.png" in next(value for key, value in names.items() if key.startswith("a sharpness below"))
    assert checked.is_sound


def test_a_picture_is_blurred_by_what_is_usual_for_its_set(lay, save, parts, tmp_path):
    lay("good", 22)
    save("good/soft.png", cv2.GaussianBlur(parts[22], (0, 0), 0.5))
    save("good/blurred.png", cv2.GaussianBlur(parts[23], (0, 0), 0.8))
    assert found(tmp_path) == {("focus", False): ["blurred.png"]}


def test_sizes_that_differ_are_told_and_shapes_named(lay, save, parts, tmp_path):
    lay("good", 22)
    save("good/half.png", cv2.resize(parts[22], (40, 30)))
    save("good/square.png", cv2.resize(parts[23], (60, 60)))
    assert found(tmp_path)["sizes", False] == ["square.png"]


def test_pictures_too_small_to_show_a_part_are_told(lay, save, parts, tmp_path):
    lay("good", 22)
    save("good/stamp.png", cv2.resize(parts[22], (40, 30)))
    (small, sizes) = check_dataset(read_dataset(tmp_path)).findings
    assert small.sentence.startswith("1 picture of less than 32 px, far less than a detector looks at: ")
    assert [one.sample.path.name for group in small.groups for one in group] == ["stamp.png"]
    assert "2 sizes" in sizes.sentence


def test_grey_alpha_and_sixteen_bit_pictures_are_no_fault(lay, save, parts, tmp_path):
    lay("good", 20)
    save("good/grey.png", cv2.cvtColor(parts[20], cv2.COLOR_RGB2GRAY))
    save("good/alpha.png", np.dstack([parts[21], np.full((60, 80), 128, np.uint8)]))
    save("good/deep.png", parts[22].astype(np.uint16) * 257)
    assert found(tmp_path) == {}


def test_defects_among_good_parts_are_suspected_by_name(lay, save, parts, tmp_path):
    lay(".", 22)
    save("scratch_bad_1.png", parts[22])
    save("NG_2.png", parts[23])
    assert set(found(tmp_path)) == {("names", False)}


@pytest.fixture
def hum(save_sound):
    """`hum(name, level=0.2, rate_hz=16000, seconds=1)` saves a hum of its own."""

    def write(name, *, level=0.2, rate_hz=RATE, seconds=1.0):
        random = np.random.default_rng([ord(letter) for letter in name])
        time = np.arange(int(rate_hz * seconds)) / rate_hz
        tones = sum(np.sin(2 * np.pi * hertz * time) for hertz in random.uniform(100, 4000, 12)) / 4
        return save_sound(name, level * (tones * random.uniform(0.2, 1) + random.normal(0, 0.05, time.size)), rate_hz)

    return write


def test_sounds_that_are_too_short_to_be_learned_must_be_mended(hum, tmp_path):
    for place in range(20):
        hum(f"good/{place}.wav", seconds=0.53 if place == 7 else 0.55)
    assert found(tmp_path) == {("lengths", True): ["7.wav"]}


def test_sounds_have_checks_of_their_own(hum, save_sound, tmp_path):
    for place in range(20):
        hum(f"good/{place}.wav")
    hum("good/silent.wav", level=0)
    hum("good/loud.wav", level=9)
    hum("good/rate.wav", rate_hz=8000)
    hum("good/long.wav", seconds=3)
    save_sound("good/offset.wav", 0.4 + np.sin(np.arange(RATE) / 7) / 9)
    assert found(tmp_path) == {
        ("silence", True): ["silent.wav"],
        ("offset", False): ["offset.wav"],
        ("sample rates", True): ["rate.wav"],
        ("clipping", False): ["loud.wav"],
        ("lengths", False): ["long.wav"],
    }


def test_five_recordings_are_enough_for_the_trainer_and_so_for_the_check(hum, tmp_path):
    for place in range(FEWEST_RECORDINGS - 1):
        hum(f"good/{place}.wav")
    assert ("amount", True) in found(tmp_path)
    hum("good/4.wav")
    assert ("amount", False) in found(tmp_path)


def test_a_sound_recorded_anew_is_told(hum, tmp_path):
    for place in range(21):
        hum(f"good/{place}.wav")
    first = (tmp_path / "good" / "0.wav").read_bytes()
    quieter = first[:44] + (np.frombuffer(first[44:], "<i2") // 2).astype("<i2").tobytes()
    (tmp_path / "good" / "again.wav").write_bytes(quieter)
    assert found(tmp_path) == {("near-duplicates", False): ["0.wav", "again.wav"]}


def test_a_sound_that_holds_no_numbers_cannot_be_used(hum, tmp_path):
    for place in range(20):
        hum(f"good/{place}.wav")
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 52, b"WAVE", b"fmt ", 16, 3, 1, 8000, 32_000, 4, 32, b"data", 16
    )
    (tmp_path / "good" / "nan.wav").write_bytes(header + np.array([0, np.nan, 0.1, 0.2], "<f4").tobytes())
    assert found(tmp_path) == {("unreadable", True): ["nan.wav"]}


def test_a_likeness_of_too_many_is_no_leak_to_mend_but_is_told(save, parts, tmp_path):
    """A split cannot keep them together, so it is no advice to split again."""
    random = np.random.default_rng(0)
    large = cv2.resize(parts[0], (320, 240))
    for place in range(12):
        shot = np.clip(large + random.normal(0, 2, large.shape), 0, 255).astype(np.uint8)
        save(f"{'train' if place % 2 else 'test'}/good/shot-{place}.png", shot)
    for place in range(1, 24):
        save(f"train/good/{place}.png", cv2.resize(parts[place], (320, 240)))
    save("test/good/again.png", np.clip(cv2.resize(parts[7], (320, 240)) * 1.1, 0, 255).astype(np.uint8))
    told = found(tmp_path)
    assert told["leak", True] == ["7.png", "again.png"]
    assert len(told["likeness", False]) == 12
    made = split_dataset(look_at(read_dataset(tmp_path)), test_share=0.3, window_min=None, seed=0)
    assert made.remark.startswith("12 samples look nearly the same, too many for one part: they are taken for a kind")
    assert "leak" not in {one.check for one in check_dataset(made.samples).findings}
