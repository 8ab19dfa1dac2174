from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Photographs, read_dataset
from training.dataset.reading import left_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIXELS = np.full((20, 30, 3), 80, np.uint8)


def _manifest(folder: Path, text: str) -> Path:
    path = folder / "parts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_per_class_gives_labels(tmp_path: Path, save: Callable[..., Path]) -> None:
    for name in ("Normal/2.png", "Normal/1.png", "scratch/1.png"):
        save(name, PIXELS)
    (tmp_path / "notes").mkdir()
    assert [(one.path.name, one.label, one.is_good) for one in read_dataset(tmp_path)] == [
        ("1.png", "Normal", True),
        ("2.png", "Normal", True),
        ("1.png", "scratch", False),
    ]


@pytest.mark.parametrize("layout", ["{}", "test/{}"])
def test_the_classes_of_a_bundle_are_good_where_it_says_so(
    tmp_path: Path, save: Callable[..., Path], layout: str
) -> None:
    for name in ("bright", "dark", "torn"):
        save(f"{layout.format(name)}/1.png", PIXELS)
    samples = read_dataset(tmp_path, {"bright": True, "dark": False})
    assert [(one.label, one.is_good) for one in samples] == [("bright", True), ("dark", False), ("torn", False)]


def test_labels_that_no_bundle_knows_say_themselves_what_is_good(tmp_path: Path, save: Callable[..., Path]) -> None:
    for name in ("good", "dark"):
        save(f"{name}/1.png", PIXELS)
    assert [one.is_good for one in read_dataset(tmp_path, {"bright": True, "dark": False})] == [False, True]


def test_folders_without_a_good_class_are_met_with_the_bundles_own(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("dark/1.png", PIXELS)
    with pytest.raises(BadInputError, match=r"normal or as the bundle's good ones \(bright\) in .*, found dark"):
        read_dataset(tmp_path, {"bright": True, "dark": False})


def test_pictures_alone_are_all_good(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("b.png", PIXELS)
    save("a.jpg", PIXELS)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert [(one.path.name, one.is_good) for one in read_dataset(tmp_path)] == [("a.jpg", True), ("b.png", True)]


def test_a_manifest_gives_label_group_and_split(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("pictures/1.png", PIXELS)
    save("pictures/2.png", PIXELS)
    rows = "path,label,group,split,operator\npictures/1.png,good,part-7,train,Kim\npictures/2.png,dent,,test,\n"
    first, second = read_dataset(_manifest(tmp_path, rows))
    assert (first.label, first.group, first.split, first.is_good) == ("good", "part-7", "train", True)
    assert (second.label, second.group, second.split, second.is_good) == ("dent", "", "test", False)
    assert first.path == tmp_path / "pictures/1.png"


def test_group_and_split_may_be_left_away(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("1.png", PIXELS)
    samples = read_dataset(_manifest(tmp_path, "label,path\ngood,1.png\n"))
    assert (samples[0].group, samples[0].split) == ("", "")


def test_pixels_are_read_when_they_are_asked_for(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("1.png", PIXELS)
    (tmp_path / "2.png").write_text("damaged")
    photographs = Photographs(read_dataset(tmp_path))
    assert len(photographs) == 2
    assert len(photographs[1:]) == 1
    np.testing.assert_array_equal(photographs[0], PIXELS)
    with pytest.raises(BadInputError, match=r"2\.png"):
        photographs[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "found no label and no path"),
        ("path,label\n", "found none"),
        ("file,label\n1.png,good\n", "found no path"),
        ("path,label,grup\n1.png,good,a\n", "did you mean 'group'"),
        ("path,label\n1.png\n", "line 2"),
        ("path,label\n1.png,good,more,cells\n", "line 2"),
        ("path,label\n1.png,good\ngone.png,good\n", "gone.png"),
        ('path,label\n"1.png,good\n', "unreadable"),
    ],
)
def test_a_manifest_with_a_fault_says_which(text: str, found: str, tmp_path: Path, save: Callable[..., Path]) -> None:
    save("1.png", PIXELS)
    with pytest.raises(BadInputError) as refusal:
        read_dataset(_manifest(tmp_path, text))
    assert found in str(refusal.value)


def test_grey_alpha_and_sixteen_bits_become_the_same_eight_bit_colours(
    tmp_path: Path, save: Callable[..., Path]
) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (24, 32), np.uint8)
    colours = np.repeat(grey[..., None], 3, axis=2)
    save("1.png", grey)
    save("2.png", np.dstack([colours, grey]))
    save("3.png", colours.astype(np.uint16) * 257)
    for pixels in Photographs(read_dataset(tmp_path)):
        np.testing.assert_array_equal(pixels, colours)


def test_raw_sensor_values_in_sixteen_bits_are_refused(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("raw.png", np.random.default_rng(0).integers(0, 4096, (24, 32, 3), np.uint16))
    with pytest.raises(BadInputError, match=r"raw\.png.*12-bit"):
        Photographs(read_dataset(tmp_path))[0]


def test_pictures_of_a_kind_that_is_not_read_are_named(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("good/1.png", PIXELS)
    save("good/2.tif", PIXELS)
    with pytest.raises(BadInputError, match=r"2\.tif; save pictures as PNG"):
        read_dataset(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="found none"):
        read_dataset(tmp_path)


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="found nothing"):
        read_dataset(tmp_path / "gone")


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parts.txt"
    path.write_text("path,label\n")
    with pytest.raises(BadInputError, match=r"\.csv"):
        read_dataset(path)


def test_classes_without_a_good_one_are_refused(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("dent/1.png", PIXELS)
    with pytest.raises(BadInputError, match="found dent"):
        read_dataset(tmp_path)


def test_pictures_beside_the_classes_are_refused(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("good/1.png", PIXELS)
    save("stray.png", PIXELS)
    with pytest.raises(BadInputError, match="stray"):
        read_dataset(tmp_path)


def test_pictures_deeper_than_their_class_are_not_left_out_silently(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("good/1.png", PIXELS)
    save("good/monday/2.png", PIXELS)
    with pytest.raises(BadInputError, match=r"found some in .*good/monday; move them up into good"):
        read_dataset(tmp_path)


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("1.png", PIXELS)
    (tmp_path / "2.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(BadInputError, match=r"2\.png cannot be read"):
        list(Photographs(read_dataset(tmp_path)))


def test_two_descriptions_of_one_folder_are_refused(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("images/1.png", PIXELS)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "1.txt").touch()
    _manifest(tmp_path, "path,label\nimages/1.png,good\n").rename(tmp_path / "manifest.csv")
    with pytest.raises(BadInputError, match=r"manifest .* and YOLO .*name the file"):
        read_dataset(tmp_path)
    assert len(read_dataset(tmp_path / "manifest.csv")) == 1


def test_a_picture_that_a_station_kept_is_cut_to_what_its_model_saw(
    tmp_path: Path, save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    save("1.png", PIXELS)
    monkeypatch.setattr("training.dataset.photographs.read_judged", lambda _path: PIXELS[:5])
    assert Photographs(read_dataset(tmp_path))[0].shape == (5, 30, 3)


def test_a_photograph_is_set_upright(tmp_path: Path, save: Callable[..., Path], tag: Callable[..., None]) -> None:
    tag(save("1.jpg", PIXELS), orientation=6)
    assert Photographs(read_dataset(tmp_path))[0].shape == (30, 20, 3)


def test_files_are_listed_without_one_being_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2000):
        (tmp_path / f"{number:05}.png").touch()
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("opened"))
    assert len(read_dataset(tmp_path)) == 2000


def test_pictures_that_lie_deeper_are_named(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("parts/Train/good/1.png", PIXELS)
    with pytest.raises(BadInputError, match=r"none in any of these layouts.*\(though Train/good/1\.png is there\)"):
        read_dataset(tmp_path / "parts")


def _coco(folder: Path) -> None:
    image = {"id": 0, "file_name": "1.png"}
    document = {"images": [image], "categories": [{"id": 1, "name": "dent"}], "annotations": []}
    (folder / "_annotations.coco.json").write_text(json.dumps(document))


def _yolo(folder: Path) -> None:
    (folder / "data.yaml").write_text("names: [dent]\n")
    (folder / "train" / "labels").mkdir()
    (folder / "train" / "labels" / "1.txt").touch()


@pytest.mark.parametrize(
    ("named", "lost", "describe"),
    [
        ("good/1.png", "dent/2026/05/2.png", None),
        ("1.png", "defective/week 1/2.png", None),
        ("1.png", "defective/week 1/2.tif", None),
        ("train/good/1.png", "test/dent/monday/night/2.png", None),
        ("train/images/1.png", "test/images/2.png", _yolo),
        ("train/1.png", "test/2.png", lambda folder: _coco(folder / "train")),
    ],
)
def test_a_part_that_lies_where_no_reader_looks_is_not_left_out(
    named: str, lost: str, describe: Callable[[Path], None] | None, tmp_path: Path, save: Callable[..., Path]
) -> None:
    save(named, PIXELS)
    if describe is not None:
        describe(tmp_path)
    assert len(read_dataset(tmp_path)) == 1
    save(lost, PIXELS)
    with pytest.raises(BadInputError, match=rf"found 1 that no sample is made of, such as {lost}; move them there"):
        read_dataset(tmp_path)


def test_what_yolo_s_file_leaves_out_is_told_too(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("train/images/1.png", PIXELS)
    _yolo(tmp_path)
    save("test/images/2.png", PIXELS)
    with pytest.raises(BadInputError, match=r"found 1 that no sample is made of, such as test/images/2\.png"):
        read_dataset(tmp_path / "data.yaml")


def test_a_linked_folder_is_looked_through_once(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("elsewhere/deeper/2.png", PIXELS)
    save("parts/good/1.png", PIXELS)
    (tmp_path / "parts" / "good" / "again").symlink_to(tmp_path / "parts")
    assert len(read_dataset(tmp_path / "parts")) == 1
    (tmp_path / "parts" / "dent").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInputError, match=r"found some in .*dent/deeper"):
        read_dataset(tmp_path / "parts")
    (tmp_path / "elsewhere" / "deeper").rename(tmp_path / "deeper")
    (tmp_path / "elsewhere" / "far").mkdir()
    (tmp_path / "deeper").rename(tmp_path / "elsewhere" / "far" / "deeper")
    with pytest.raises(BadInputError, match=r"such as dent/far/deeper/2\.png"):
        read_dataset(tmp_path / "parts")


def test_a_manifest_says_which_of_a_folder_s_pictures_count(tmp_path: Path, save: Callable[..., Path]) -> None:
    save("1.png", PIXELS)
    save("late/2.png", PIXELS)
    (tmp_path / "manifest.csv").write_text("path,label\n1.png,good\n")
    samples = read_dataset(tmp_path)
    assert len(samples) == 1
    assert left_out(tmp_path, samples) == [str(tmp_path / "late" / "2.png")]
    assert left_out(tmp_path / "manifest.csv", samples) == []
