"""`lepton data` at the command line."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.dataset import dataset_version, read_dataset


def lepton(*arguments):
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


@pytest.fixture
def source(save, tmp_path):
    random = np.random.default_rng(1)
    for place in range(30):
        part = np.full((60, 80, 3), (150, 140, 120), np.uint8)
        for _ in range(8):
            x, y = (int(value) for value in random.integers(4, 56, 2))
            cv2.circle(part, (x, y), 5, [int(value) for value in random.integers(40, 220, 3)], -1)
        save(f"parts/{'good' if place < 24 else 'dent'}/{place}.png", part)
    return tmp_path / "parts"


def test_a_sound_set_leaves_with_0_and_tells_its_version(source):
    done = lepton("check", source, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["sound"], document["samples"], document["labels"]) == (True, 30, {"dent": 6, "good": 24})
    assert document["version"] == dataset_version(read_dataset(source))


def test_a_set_that_must_be_mended_leaves_with_1_and_writes_its_page(source, tmp_path):
    shutil.copy(source / "good" / "1.png", source / "dent" / "1.png")
    done = lepton("check", source, "--page", tmp_path / "page.html")
    assert done.exit_code == 1
    assert "MEND  label conflict: 1 content under two labels" in done.stdout
    assert "dent/1.png ~ good/1.png" in done.stdout
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_split_is_a_manifest_that_has_no_leak(source, tmp_path):
    shutil.copy(source / "good" / "1.png", source / "good" / "1-again.png")
    done = lepton("split", source, "-o", tmp_path / "parts.csv", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["splits"] == {"train": {"dent": 4, "good": 18}, "test": {"dent": 2, "good": 7}}
    assert document["sets"] == 30
    samples = read_dataset(tmp_path / "parts.csv")
    assert document["version"] == dataset_version(samples)
    again = json.loads(lepton("check", tmp_path / "parts.csv", "--json").stdout)
    assert "leak" not in {one["check"] for one in again["findings"]}
    assert again["version"] == document["version"]


def test_a_split_that_misses_what_was_asked_says_by_how_much(source, tmp_path):
    parts = sorted(source.glob("*/*.png"))
    rows = [f"{one},{one.parent.name},{'a' if int(one.stem) % 2 else 'b'}" for one in parts]
    (tmp_path / "two.csv").write_text("\n".join(["path,label,group", *rows]))
    told = lepton("split", tmp_path / "two.csv", "-o", tmp_path / "parts.csv").stdout
    assert "wanted 30% of each class to judge with, got 50% of dent and 50% of good: a set goes" in told
    assert "got" not in lepton("split", source, "-o", tmp_path / "other.csv").stdout


def test_the_same_seed_writes_the_same_bytes(source, tmp_path):
    for name, seed in (("a.csv", 3), ("b.csv", 3), ("c.csv", 4)):
        assert lepton("split", source, "-o", tmp_path / name, "--seed", seed).exit_code == 0
    first, second, third = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert first == second != third


def test_a_manifest_that_is_there_is_written_over_on_request_alone(source, tmp_path):
    kept = tmp_path / "parts.csv"
    kept.write_text("mine")
    done = lepton("split", source, "-o", kept)
    assert done.exit_code == 2
    assert f"found that {kept} is there; rename it, or --force" in done.stderr
    assert kept.read_text() == "mine"
    assert lepton("split", source, "-o", kept, "--force").exit_code == 0
    assert kept.read_text().startswith("path,label")


@pytest.mark.parametrize("arguments", [("check", "gone"), ("split", ".", "-o", "parts.txt")])
def test_wrong_use_leaves_with_2(arguments):
    assert lepton(*arguments).exit_code == 2
