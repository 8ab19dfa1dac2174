"""The manager's archive of labels is a dataset as it was downloaded, and takes nothing out of its folder."""

from __future__ import annotations

import zipfile

import cv2
import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Photographs, read_dataset
from training.dataset.labels_export import read_labels_export

PICTURE = cv2.imencode(".png", np.full((20, 30, 3), 80, np.uint8))[1].tobytes()
HEADER = "path,label,group,split,sha256,said,address,inspection_point,part,model\n"
ROW = "evidence/1.png,dent,acme/north/line-1/gate/7,,ab,confirmed-defect,acme/north/line-1,gate,7,cd\n"


@pytest.fixture
def archive(tmp_path):
    """`archive(name=content)` writes a ZIP of these members."""

    def write(members):
        path = tmp_path / "labels.zip"
        with zipfile.ZipFile(path, "w") as opened:
            for name, content in members.items():
                opened.writestr(name, content)
        return path

    return write


def test_an_export_is_read_as_it_was_downloaded(archive):
    (sample,) = read_dataset(
        archive({"evidence/1.png": PICTURE, "labels.csv": HEADER + ROW, "left-out.csv": "sha256\n"})
    )
    assert (sample.label, sample.group, sample.split) == ("dent", "acme/north/line-1/gate/7", "")
    assert Photographs([sample])[0].shape == (20, 30, 3)


def test_it_is_unpacked_once(archive, tmp_path):
    path = archive({"evidence/1.png": PICTURE, "labels.csv": HEADER + ROW})
    first = read_labels_export(path, tmp_path / "cache")
    (folder,) = (tmp_path / "cache" / "labels").iterdir()
    made = folder.stat().st_mtime_ns
    assert read_labels_export(path, tmp_path / "cache") == first
    assert folder.stat().st_mtime_ns == made


def test_every_mask_of_a_picture_is_unpacked(archive, tmp_path):
    members = dict.fromkeys(("evidence/1.png", "masks/1.png", "masks/2.png"), PICTURE)
    path = archive({**members, "labels.csv": "path,label,mask\nevidence/1.png,dent,masks/1.png; masks/2.png\n"})
    (sample,) = read_labels_export(path, tmp_path / "cache")
    assert [one.name for one in sample.masks] == ["1.png", "2.png"]


@pytest.mark.parametrize("name", ["../1.png", "/tmp/1.png", "evidence/../../1.png", "..\\1.png"])  # noqa: S108
def test_a_path_that_leads_out_is_refused(name, archive, tmp_path):
    path = archive({name: PICTURE, "labels.csv": f"path,label\n{name},good\n"})
    with pytest.raises(BadInputError, match="do not use this archive"):
        read_labels_export(path, tmp_path / "cache")
    assert not list((tmp_path / "cache" / "labels").iterdir())


@pytest.mark.parametrize("mask", ["../mask.png", "/etc/hostname", "evidence/../../mask.png"])
def test_a_mask_that_leads_out_is_refused(mask, archive, tmp_path):
    path = archive({"evidence/1.png": PICTURE, "labels.csv": f"path,label,mask\nevidence/1.png,dent,{mask}\n"})
    with pytest.raises(BadInputError, match="do not use this archive"):
        read_labels_export(path, tmp_path / "cache")


def test_masks_come_along(archive, tmp_path):
    rows = "path,label,mask\nevidence/1.png,dent,masks/1.png\nevidence/2.png,good,\n"
    path = archive({"evidence/1.png": PICTURE, "evidence/2.png": PICTURE, "masks/1.png": PICTURE, "labels.csv": rows})
    dent, good = read_labels_export(path, tmp_path / "cache")
    assert [one.read_bytes() for one in dent.masks] == [PICTURE]
    assert good.masks == ()


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({}, "found nothing"),
        ({"pictures/1.png": PICTURE}, "found pictures"),
        ({"labels.csv": HEADER + ROW}, "1 missing"),
        ({"labels.csv": HEADER}, "found none"),
    ],
)
def test_an_archive_without_labels_or_pictures_is_refused(members, found, archive):
    with pytest.raises(BadInputError, match=found):
        read_dataset(archive(members))


def test_half_a_download_is_refused(archive):
    path = archive({"evidence/1.png": PICTURE, "labels.csv": HEADER + ROW})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInputError, match="download it again"):
        read_dataset(path)
