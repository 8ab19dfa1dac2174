"""What is written as a manifest is read again as the same; a row that is wrong is named."""

from __future__ import annotations

import errno
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from training.dataset import Box, Sample, read_dataset
from training.dataset.manifest import write_manifest

PIXELS = np.full((20, 30, 3), 80, np.uint8)

words = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters=";"), min_size=1, max_size=8)
pixels = st.integers(0, 40_000).map(lambda value: value / 8)
boxes = st.builds(Box, pixels, pixels, pixels.filter(bool), pixels.filter(bool), words)


@given(st.lists(st.tuples(words, words | st.just(""), words | st.just(""), st.lists(boxes, max_size=3)), min_size=1))
def test_a_manifest_that_is_written_is_read_as_the_same(rows):
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        samples = []
        for place, (label, group, split, drawn) in enumerate(rows):
            path = folder / f"{place}.png"
            path.touch()
            masks = tuple(folder / f"{other}.png" for other in range(min(place, 2)))
            samples.append(Sample(path, label, group, split, tuple(drawn), masks))
        write_manifest(folder / "parts.csv", samples)
        assert read_dataset(folder / "parts.csv") == tuple(samples)


def test_a_mask_whose_name_parts_masks_is_refused(save, tmp_path):
    sample = Sample(save("1.png", PIXELS), "dent", masks=(save("a;b.png", PIXELS),))
    with pytest.raises(BadInputError, match=r"without ';' in their paths, found .*a;b\.png; rename it"):
        write_manifest(tmp_path / "parts.csv", [sample])


def test_paths_lead_from_the_manifest_to_the_pictures(save, tmp_path):
    save("line/good/1.png", PIXELS)
    (tmp_path / "lists").mkdir()
    write_manifest(tmp_path / "lists" / "parts.csv", read_dataset(tmp_path / "line"))
    assert (tmp_path / "lists" / "parts.csv").read_text().splitlines()[1] == "../line/good/1.png,good,,,,"
    assert read_dataset(tmp_path / "lists" / "parts.csv")[0].path.is_file()


def test_a_box_without_a_class_has_the_row_s(save, tmp_path):
    save("1.png", PIXELS)
    (tmp_path / "manifest.csv").write_text("path,label,boxes\n1.png,dent,1 2 3 4; 5 6 7 8 deep crack\n")
    assert read_dataset(tmp_path)[0].boxes == (Box(1, 2, 3, 4, "dent"), Box(5, 6, 7, 8, "deep crack"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("path,label,boxes\n1.png,dent,1 2 3\n", "'1 2 3' .line 2"),
        ("path,label,boxes\n1.png,dent,1 2 0 4\n", "above zero.*line 2"),
        ("path,label,box\n1.png,dent,1 2 3 4\n", "did you mean 'boxes'"),
        ("path,label,mask\n1.png,dent,gone.png\n", "1 missing"),
        ("path,label\n1.png,good\n./1.png,dent\n", r"1\.png in two lines, as good and as dent"),
        ("path,label,label\n1.png,good,dent\n", "label twice"),
        ("path,label\n1.pdf,good\n", r"1\.pdf.*line 2"),
        ("Path,label\n1.png,good\n", "no path among Path, label.*small letters"),
        (
            "path,label,boxes\n1.png,good,1 2 3 4 dent\n",
            "labelled 'good', found '1 2 3 4 dent' in line 2 .*defect's label",
        ),
        ("path,label,split\n1.png,good,training\n", "the split 'train' rather than 'training' in line 2"),
        ("path,label,split\n1.png,good,TEST\n", "the split 'test' rather than 'TEST' in line 2"),
    ],
)
def test_a_row_that_is_wrong_is_named(text, found, save, tmp_path):
    save("1.png", PIXELS)
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(BadInputError, match=found):
        read_dataset(tmp_path)


def test_a_full_disk_leaves_the_older_manifest_and_nothing_beside_it(tmp_path, monkeypatch):
    write_manifest(tmp_path / "parts.csv", [])
    before = (tmp_path / "parts.csv").read_text()

    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edge_contracts.whole_file.os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*parts\.csv'"):
        write_manifest(tmp_path / "parts.csv", [Sample(tmp_path / "1.png", "good")])
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"parts.csv": before}


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_spreadsheets_semicolons_and_tabs_part_columns_too(sign, save, tmp_path):
    save("1.png", PIXELS)
    text = 'path,label,split,boxes\n1.png,"deep, long dent",spare,"1 2 3 4; 5 6 7 8"\n'
    content = text.replace(",", sign).replace(f"deep{sign}", "deep,")
    (tmp_path / "parts.csv").write_text(content, encoding="utf-8-sig")
    (sample,) = read_dataset(tmp_path / "parts.csv")
    assert (sample.label, sample.split, len(sample.boxes)) == ("deep, long dent", "spare", 2)


def test_two_manifests_in_a_folder_are_refused(save, tmp_path):
    save("1.png", PIXELS)
    for name in ("manifest.csv", "labels.csv"):
        (tmp_path / name).write_text("path,label\n1.png,good\n")
    with pytest.raises(BadInputError, match="one manifest"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("row", "found"),
    [("1.png,", "found the path '1.png' and the label ''"), ("1.png,good,7", "no more cells than columns in line 2")],
)
def test_a_row_that_lacks_or_has_too_much_is_told_with_what_it_holds(row, found, save, tmp_path):
    save("1.png", PIXELS)
    (tmp_path / "parts.csv").write_text(f"path,label\n{row}\n")
    with pytest.raises(BadInputError, match=found):
        read_dataset(tmp_path / "parts.csv")


def test_a_spreadsheets_own_unicode_says_how_to_save_it(tmp_path):
    (tmp_path / "parts.csv").write_text("path,label\n1.png,good\n", encoding="utf-16")
    with pytest.raises(BadInputError, match="in another encoding; save it as 'CSV UTF-8'"):
        read_dataset(tmp_path / "parts.csv")
