"""Data as factories have it: learned rightly, or refused with a sentence that says which file and what to do."""

from __future__ import annotations

import json
import re
import shutil

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main


def train(source, tmp_path, *more):
    return CliRunner().invoke(main, ["train", str(source), "-o", str(tmp_path / "part.bundle"), *more])


def test_pictures_of_every_kind_are_learned_together(save, tag, draw_part, tmp_path):
    for place in range(6):
        save(f"parts/good/{place}.png", draw_part(place))
    save("parts/good/half.png", draw_part(6, height=60, width=80))
    save("parts/good/double.png", cv2.resize(draw_part(7), None, fx=2, fy=2))
    save("parts/good/grey.png", cv2.cvtColor(draw_part(8), cv2.COLOR_RGB2GRAY))
    save("parts/good/deep.png", draw_part(9).astype(np.uint16) * 257)
    save("parts/good/alpha.png", np.dstack([draw_part(10)[..., ::-1], np.full((120, 160), 9, np.uint8)]))
    tag(save("parts/good/turned.jpg", np.rot90(draw_part(11)).copy()), orientation=6)
    done = train(tmp_path / "parts", tmp_path, "--detector", "gauss", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["photographs"] == 12
    assert json.loads(done.stdout)["input"] == {"height_px": 224, "width_px": 224}


@pytest.fixture
def twelve(save, draw_part, tmp_path):
    for place in range(12):
        save(f"parts/good/{place}.png", draw_part(place))
    return tmp_path / "parts"


def cut_off(folder):
    (folder / "good" / "3.png").write_bytes((folder / "good" / "3.png").read_bytes()[:500])


def no_picture(folder):
    (folder / "good" / "3.png").write_text("a note")


def one_alone(folder):
    for path in sorted((folder / "good").iterdir())[1:]:
        path.unlink()


def all_identical(folder):
    for path in (folder / "good").iterdir():
        if path.name != "0.png":
            shutil.copy(folder / "good" / "0.png", path)


def again_and_again(folder):
    random = np.random.default_rng(0)
    seen = cv2.imread(str(folder / "good" / "0.png")).astype(np.float32)
    for path in (folder / "good").iterdir():
        assert cv2.imwrite(str(path), np.clip(seen + random.normal(0, 1, seen.shape), 0, 255).astype(np.uint8))


def labels_without_pictures(folder):
    (folder / "labels.csv").write_text("path,label\ngood/1.png,good\ngood/gone.png,good\n")


def no_good_class(folder):
    (folder / "good").rename(folder / "widgets")


def sounds_among_them(folder):
    (folder / "good" / "1.wav").touch()


def another_kind(folder):
    (folder / "good" / "raw.tiff").touch()


def empty(folder):
    shutil.rmtree(folder / "good")


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (cut_off, r"such as \S*/good/3\.png: .*3\.png cut off before its end; copy it again"),
        (no_picture, r"such as \S*/good/3\.png: .*3\.png which is none; take or copy it again"),
        (one_alone, r"found 1; take 9 more"),
        (all_identical, r"different photographs, found 1 among 12"),
        (again_and_again, r"all 12 photographs look the same: one part taken again"),
        (labels_without_pictures, r"1 missing, such as .*gone\.png"),
        (no_good_class, r"good or normal .*found widgets; rename"),
        (sounds_among_them, r"found both, such as \S*/good/0\.png and \S*/good/1\.wav; keep one kind"),
        (another_kind, r"raw\.tiff; save pictures as PNG"),
        (empty, r"found none in any of these layouts"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_learned_is_refused_with_its_reason(spoil, found, twelve, tmp_path):
    spoil(twelve)
    done = train(twelve, tmp_path)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert re.search(found, done.stderr), done.stderr
    assert not (tmp_path / "part.bundle").exists()
