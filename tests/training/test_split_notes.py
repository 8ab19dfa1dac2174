"""Training and judging say what a manifest's own splits part or leave out."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from edge_contracts.bundle import read_bundle
from lepton.cli import main
from training.dataset import read_dataset
from training.evaluate_cli import _curve
from training.learning import learn_dataset


@pytest.fixture
def manifest(plate_parts, tmp_path):
    """`manifest("val")` splits the plates into training and that, each tray in both, beside two files it leaves out."""

    def write(split):
        rows = ["path,label,group,split"]
        for one in read_dataset(plate_parts):
            place = int(one.path.stem)
            (tmp_path / one.label).mkdir(exist_ok=True)
            shutil.copy(one.path, tmp_path / one.label)
            chosen = "train" if one.is_good and place % 2 else split
            tray = f"tray-{place // 2}" if one.is_good else ""
            rows.append(f"{one.label}/{one.path.name},{one.label},{tray},{chosen}")
        (tmp_path / "manifest.csv").write_text("\n".join(rows[:-2]))
        return tmp_path

    return write


def test_training_says_what_it_leaves_out_and_what_a_split_parts(manifest):
    folder = manifest("dev")
    learned = learn_dataset(read_dataset(folder), folder, backbone=None, kind="gauss", seed=0, good_only=True)
    told = "; ".join(learned.notes)
    assert "left out of what is learned: 16 of 'dev', of 28 rows" in told
    assert "12 groups lie in the split train and outside of it at once (tray-" in told
    assert "left out 2 files of the folder that its manifest does not list, such as" in told


def test_the_data_check_says_what_is_left_out(manifest):
    checked = CliRunner().invoke(main, ["data", "check", str(manifest("dev"))])
    assert "look  left out: left out of what is learned: 16 of 'dev'" in checked.stdout
    assert "look  left out: left out 2 files of the folder" in checked.stdout


def test_judging_names_the_groups_that_are_for_training_too(manifest, plate_bundle):
    folder = manifest("val")
    arguments = ["evaluate", str(plate_bundle), "--data", str(folder)]
    assert "note: 12 groups lie in the split train" in CliRunner().invoke(main, arguments).stdout
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert (len(told["data"]["parted_groups"]), told["data"]["split"]) == (12, "val")
    assert any(note.startswith("12 groups lie in the split train") for note in told["notes"])
    learned = json.loads(CliRunner().invoke(main, [*arguments, "--split", "train", "--json"]).stdout)["data"]
    assert learned["parted_groups"] == []


def test_no_picture_that_the_curve_learns_is_judged_by_it(manifest, plate_bundle, monkeypatch):
    monkeypatch.setattr("training.report.learning_curve.learning_curve", lambda _part, *sides: sides)
    dataset = read_dataset(manifest("val"))
    learned, judged = _curve(read_bundle(plate_bundle), dataset, dataset)
    assert {one.split for one in learned} == {"train"}
    assert {one.split for one in judged} == {"val"}
