from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import cv2
import pytest
from click.testing import CliRunner

from edge_contracts.bundle import read_bundle, write_bundle
from lepton.cli import main
from training.checks.families import family_names
from training.checks.learned_parts import LearnedParts
from training.checks.looked import look_at
from training.dataset import Sample
from training.detector_options import KINDS
from training.detectors.float_bundle import float_bundle
from training.detectors.kinds import AUTO, detector_kinds, sound_kinds
from training.detectors.learn import learn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from click.testing import Result


DOUBT = "doubtful: bad_threshold_07.png is learned as good"
"""A note of the card that is not about the threshold, though it has the word."""


def _lepton(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, draw_part: Callable[..., np.ndarray]) -> Path:
    """`old.bundle`, `learned`: the ten parts that taught it; `line`: fourteen other good parts and two scratched."""
    home = tmp_path_factory.mktemp("line")
    parts = [draw_part(seed) for seed in range(24)]
    files = [home / f"{'learned' if seed < 10 else 'line/good'}/{seed:02}.png" for seed in range(24)]
    parts += [draw_part(100 + seed, scratch=True) for seed in range(2)]
    files += [home / f"line/scratch/{seed}.png" for seed in range(2)]
    for file, pixels in zip(files, parts, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(file), pixels)
    looked = look_at([Sample(file, "good") for file in files[:10]])
    learned = LearnedParts.of(looked.facts, family_names(looked))
    detector, now = learn(parts[:10], kind="gauss"), datetime(2026, 1, 1, tzinfo=timezone.utc)
    made = float_bundle(detector, name="plate", inputs={}, settings={}, created=now, learned=learned, notes=[DOUBT])
    write_bundle(home / "old.bundle", *made)
    return home


def test_a_bundle_gets_the_threshold_of_its_line_and_keeps_all_else(folder: Path, tmp_path: Path) -> None:
    arguments = ("threshold", folder / "old.bundle", "--data", folder / "line", "-o", tmp_path / "new.bundle")
    result = _lepton(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    old, new = (read_bundle(path) for path in (folder / "old.bundle", tmp_path / "new.bundle"))
    assert (document["good"], document["defects"], document["missed"]) == (14, 2, [])
    assert new.manifest.rule.threshold == document["threshold"]["value"] != old.manifest.rule.threshold  # type: ignore[union-attr]
    assert new.manifest.sequence == old.manifest.sequence + 1
    assert new.model == old.model
    assert [step.step for step in new.manifest.provenance] == ["train", "threshold"]
    assert new.card is not None
    assert {one.name: one.value for one in new.card.metrics}["threshold"] == document["threshold"]["value"]
    assert old.card is not None
    assert any("cross-validated" in one for one in old.card.notes)
    assert new.card.notes == (DOUBT,)
    assert "good_scores" not in new.card.details
    assert "catches 2 of 2 defects" in _lepton(*arguments).stdout


def test_shots_of_one_part_are_told_and_count_once(folder: Path, tmp_path: Path) -> None:
    files = sorted((folder / "line").rglob("*.png"))
    tray, broken = set(files[:4]), set(files[-2:])
    rows = [f"{one},{one.parent.name},{'tray' * (one in tray)}{'broken' * (one in broken)}" for one in files]
    (tmp_path / "line.csv").write_text("\n".join(["path,label,group", *rows]))
    arguments = ("threshold", folder / "old.bundle", "--data", tmp_path / "line.csv", "-o", tmp_path / "new.bundle")
    document = json.loads(_lepton(*arguments, "--json").stdout)
    assert (document["good"], document["defects"], document["different_defects"]) == (14, 2, 1)
    assert document["escape_bound"] == pytest.approx(0.95)
    found = document["different_good_parts"]["found"]
    assert found <= 11
    told = _lepton(*arguments).stdout
    assert f"of 14 good parts in {found} groups (95 % interval" in told
    assert "catches 2 of 2 defects in 1 group; at 95 % the line's escape may still be 95%" in told


@pytest.mark.parametrize("label", ["good", "scratch"])
def test_one_part_that_taught_it_is_refused_and_named(folder: Path, tmp_path: Path, label: str) -> None:
    shutil.copytree(folder / "line", tmp_path / "line")
    known = tmp_path / f"line/{label}/known.jpg"
    assert cv2.imwrite(str(known), cv2.imread(str(folder / "learned/03.png")))
    result = _lepton("threshold", folder / "old.bundle", "--data", tmp_path / "line", "-o", tmp_path / "new.bundle")
    assert result.exit_code == 2
    assert "has not learned, found 1 of 17" in result.stderr
    assert "(known.jpg)" in result.stderr
    assert "leave them out, or take new ones from the line" in result.stderr
    assert not (tmp_path / "new.bundle").exists()


def test_where_nothing_else_would_remain_nothing_is_to_be_left_out(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "learned", tmp_path / "line/good")
    result = _lepton("threshold", folder / "old.bundle", "--data", tmp_path / "line", "-o", tmp_path / "new.bundle")
    assert result.exit_code == 2
    assert "found 10 of 10 that taught it" in result.stderr
    assert "their scores are too good; take new ones from the line" in result.stderr


def test_the_most_overkill_is_no_less_than_the_overkill(folder: Path, tmp_path: Path) -> None:
    arguments = ("threshold", folder / "old.bundle", "--data", folder / "line", "-o", tmp_path / "new.bundle")
    result = _lepton(*arguments, "--overkill", "0.1", "--most-overkill", "0.05")
    assert result.exit_code == 2
    assert "wanted a most overkill of 0.1 or more" in result.stderr


def test_rows_that_were_learned_take_no_part_where_the_manifest_says_which(folder: Path, tmp_path: Path) -> None:
    rows = [(file, "good", "train") for file in sorted((folder / "learned").iterdir())]
    rows += [(file, file.parent.name, "test") for file in sorted((folder / "line").rglob("*.png"))]
    manifest = tmp_path / "split.csv"
    manifest.write_text("path,label,split\n" + "".join(f"{file},{label},{split}\n" for file, label, split in rows))
    arguments = ("threshold", folder / "old.bundle", "--data", manifest, "-o", tmp_path / "new.bundle", "--json")
    assert json.loads(_lepton(*arguments).stdout)["good"] == 14
    assert "wanted rows with split 'val'" in _lepton(*arguments, "--split", "val").stderr


def test_nine_good_parts_are_too_few_and_how_many_are_missing_is_said(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "line", tmp_path / "line")
    parts = sorted((tmp_path / "line/good").iterdir())
    for file in parts[9:]:
        file.unlink()
    shutil.copy(parts[0], parts[0].with_name("copy.png"))  # the same part again is no tenth
    arguments = ("threshold", folder / "old.bundle", "--data", tmp_path / "line", "-o", tmp_path / "new.bundle")
    result = _lepton(*arguments)
    assert result.exit_code == 2
    assert "10 or more different photographs of good parts (20 or more advised), found 9; take 1 more" in result.stderr
    assert "(10 good ones are 9 groups: what shares a group in the manifest" in result.stderr
    assert not (tmp_path / "new.bundle").exists()

    shutil.copy(folder / "line/good/20.png", parts[0].with_name("20.png"))
    taken = _lepton(*arguments)
    assert taken.exit_code == 0
    assert "rests on 10 different good parts; 20 or more are advised: take 10 more" in taken.stdout
    document = json.loads(_lepton(*arguments, "--json").stdout)
    assert document["different_good_parts"] == {"found": 10, "advised": 20, "missing": 10}


@pytest.mark.parametrize("rule", ["lognormal", "conformal"])
def test_parts_of_one_group_are_one_and_the_message_says_why(rule: str, folder: Path, tmp_path: Path) -> None:
    pictures = sorted((folder / "line/good").iterdir())
    rows = "\n".join(f"{one},good,set-0,test" for one in pictures)
    (tmp_path / "parts.csv").write_text(f"path,label,group,split\n{rows}\n")
    old, new = folder / "old.bundle", tmp_path / "new.bundle"
    result = _lepton("threshold", old, "--data", tmp_path / "parts.csv", "-o", new, "--threshold", rule)
    assert result.exit_code == 2
    assert f"({len(pictures)} good ones are 1 group: what shares a group in the manifest" in result.stderr


def test_too_few_parts_for_a_promise_are_refused(folder: Path, tmp_path: Path) -> None:
    arguments = ("threshold", folder / "old.bundle", "--data", folder / "line", "-o", tmp_path / "new.bundle")
    result = _lepton(*arguments, "--threshold", "conformal")
    assert result.exit_code == 2
    assert "take 31 more" in result.stderr
    assert _lepton(*arguments, "--confidence", "0.9").exit_code == 2
    kept = _lepton(*arguments, "--threshold", "conformal", "--overkill", "0.3", "--confidence", "0.8", "--json")
    assert json.loads(kept.stdout)["settings"]["confidence"] == 0.8


def test_every_kind_can_be_asked_for() -> None:
    assert list(KINDS) == [AUTO, *dict.fromkeys([*detector_kinds(), *sound_kinds()])]
