from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.train_text import trained_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from click.testing import Result

pytestmark = pytest.mark.slow


QUICK = ("--detector", "gauss")
"""Where it is not the choice of a detector that is looked at."""


def _lepton(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def _document(*arguments: str | Path) -> dict[str, Any]:
    result = _lepton(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1])


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, draw_part: Callable[..., np.ndarray]) -> Path:
    """A folder with twelve good parts and four scratched ones, and beside it a manifest that splits them."""
    rows, home = ["path,label,group,split"], tmp_path_factory.mktemp("line")
    for seed in range(16):
        name = f"parts/good/{seed:02}.png"
        _save(home / name, draw_part(seed))
        rows.append(f"{name},good,tray-{seed // 2},{'train' if seed < 12 else 'test'}")
    for seed in range(4):
        name = f"parts/scratch/{seed:02}.png"
        _save(home / name, draw_part(100 + seed, scratch=True))
        rows.append(f"{name},scratch,,test")
    (home / "parts.csv").write_text("\n".join(rows))
    return home / "parts"


@pytest.fixture(scope="module")
def plate(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundle of the parts, its detector chosen among all, and what was told."""
    bundle = tmp_path_factory.mktemp("plate") / "plate.bundle"
    return bundle, _document("train", parts, "-o", bundle)


def test_a_folder_becomes_a_bundle_that_judges_it(parts: Path, plate: tuple[Path, dict[str, Any]]) -> None:
    bundle, trained = plate
    assert (trained["photographs"], trained["features"], trained["copies_of_each"]) == (16, "backbone", 6)
    judged = _document("evaluate", bundle, "--data", parts)
    assert judged["bundle"]["digest"] == trained["digest"]
    assert (judged["good"], judged["defective"]) == (16, 4)
    assert judged["auroc"] == 1.0
    assert {name.split("/")[-2] for name in judged["data"]["learned"]} == {"good"}
    assert len(judged["data"]["learned"]) == 16
    assert trained["labels"] is None
    assert "4 labelled defects were not learned: 5 defects that are no relatives" in trained["note"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, draw_part: Callable[..., np.ndarray]) -> Path:
    """A manifest: fourteen good parts and twelve scratched ones, half of the scratched ones for training."""
    rows, home = ["path,label,group,split"], tmp_path_factory.mktemp("labels")
    for seed in range(14):
        _save(home / f"labelled/{seed}.png", draw_part(seed))
        rows.append(f"labelled/{seed}.png,good,,{'train' if seed < 10 else 'test'}")
    for seed in range(12):
        label = ("scratch", "scar")[seed % 2]
        _save(home / f"labelled/{label}-{seed}.png", draw_part(100 + seed, scratch=True))
        rows.append(f"labelled/{label}-{seed}.png,{label},,{'train' if seed < 6 else 'test'}")
    manifest = home / "labelled.csv"
    manifest.write_text("\n".join(rows))
    return manifest


@pytest.fixture(scope="module")
def taught(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundle of the labelled parts, and what was told."""
    bundle = tmp_path_factory.mktemp("taught") / "plate-float.bundle"
    return bundle, _document("train", labelled, "-o", bundle, *QUICK)


def test_labelled_defects_are_learned_and_told(labelled: Path, taught: tuple[Path, dict[str, Any]]) -> None:
    bundle, trained = taught
    assert (trained["photographs"], trained["labels"]["defects"], trained["note"]) == (10, 6, "")
    assert set(trained["labels"]["candidates"]) == {"good-only", "sum", "maximum"}
    assert trained["labels"]["auroc"]["with_labels"] >= trained["labels"]["auroc"]["good_only"]
    judged = _document("evaluate", bundle, "--data", labelled)
    assert (judged["good"], judged["defective"], judged["data"]["learned"]) == (4, 6, [])
    assert {one["label"] for one in judged["by_label"]} == {"good", "scar", "scratch"}
    assert judged["bounds"]["auroc"]["low"] < judged["auroc"]
    assert "no threshold is advised: 4 different good" in judged["threshold_advice"]
    again = _document("evaluate", bundle, "--data", labelled, "--split", "train")
    assert len(again["data"]["learned"]) == 16


def test_defects_are_left_away_on_request(labelled: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "plate.bundle"
    assert _document("train", labelled, "-o", bundle, "--good-only", *QUICK)["labels"] is None
    inspected = _lepton("bundle", "inspect", bundle)
    assert "defects" not in inspected.stdout


def test_a_taught_detector_converts_for_a_board(
    labelled: Path, taught: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    bundle, trained = taught
    board, pictures = tmp_path / "plate.bundle", labelled.with_name("labelled")
    assert "learned 6 labelled defects: AUROC on parts held out" in trained_text(trained)
    converted = _lepton("convert", bundle, "--profile", "rpi-4b", "--calibration", pictures, "-o", board, "--json")
    assert converted.exit_code == 0, converted.output
    before, after = (_document("evaluate", one, "--data", labelled)["auroc"] for one in (bundle, board))
    assert after == pytest.approx(before, abs=0.005)
    assert len(_document("evaluate", board, "--data", labelled, "--split", "train")["data"]["learned"]) == 16


def test_a_manifest_is_learned_and_judged_by_its_splits(parts: Path, tmp_path: Path) -> None:
    manifest = parts.with_name("parts.csv")
    trained = _document("train", manifest, "-o", tmp_path / "plate.bundle", *QUICK)
    assert trained["photographs"] == 12
    judged = _document("evaluate", tmp_path / "plate.bundle", "--data", manifest)
    assert (judged["good"], judged["defective"], judged["data"]["split"]) == (4, 4, "test")
    assert judged["data"]["learned"] == []
    assert {one["label"] for one in judged["pictures"]} == {"good", "scratch"}
    everything = _document("evaluate", tmp_path / "plate.bundle", "--data", manifest, "--split", "train")
    assert everything["samples"] == 12
    assert everything["auroc"] is None


def test_the_same_pictures_and_seed_give_the_same_digest(parts: Path, tmp_path: Path) -> None:
    """That the choice among all detectors repeats itself, too, is seen in detectors/test_learn.py."""
    digests = {_document("train", parts, "-o", tmp_path / "plate.bundle", *QUICK)["digest"] for _ in range(2)}
    assert len(digests) == 1


def test_a_defect_among_the_good_parts_is_noticed_by_its_name(
    tmp_path: Path, save: Callable[..., Path], draw_part: Callable[..., np.ndarray]
) -> None:
    for seed in range(12):
        save(f"mixed/{'anomaly' if seed < 2 else 'normal'}-{seed}.png", draw_part(seed))
    trained = _lepton("train", tmp_path / "mixed", "-o", tmp_path / "plate.bundle", *QUICK)
    assert "note: learned 2 of 12 pictures as good whose names say otherwise: anomaly-0.png" in trained.stdout


def test_the_bundle_says_which_version_of_the_data_it_was_trained_on(parts: Path, tmp_path: Path) -> None:
    version = _document("data", "check", parts)["version"]
    _document("train", parts, "-o", tmp_path / "plate.bundle", *QUICK)
    (step,) = _document("bundle", "inspect", tmp_path / "plate.bundle")["manifest"]["provenance"]
    assert step["inputs"]["dataset"] == version


def test_people_get_sentences(parts: Path, tmp_path: Path) -> None:
    trained = _lepton("train", parts, "-o", tmp_path / "plate.bundle", "--good-only", *QUICK)
    assert "learned 16 good parts" in trained.stdout
    assert "note:" not in trained.stdout
    judged = _lepton("evaluate", tmp_path / "plate.bundle", "--data", parts)
    assert "AUROC 1.0000 (95 % interval 0." in judged.stdout
    assert "no miss in 4 defects excludes escape rates above 52.7% only" in judged.stdout
    assert "note: 16 of these 20 pictures were learned from" in judged.stdout


def _wrong_uses(tmp_path: Path, parts: Path) -> dict[str, tuple[list[str | Path], str]]:
    out = tmp_path / "out.bundle"
    words = tmp_path / "words.txt"
    words.write_text("no model")
    broken = tmp_path / "broken"
    broken.mkdir()
    for number in range(12):
        (broken / f"{number}.png").write_bytes(b"\x89PNG no")
    return {
        "missing source": (["train", tmp_path / "gone", "-o", out], "found nothing"),
        "broken pictures": (["train", broken, "-o", out], "0.png"),
        "too few": (["train", parts / "scratch", "-o", out], "take 6 more"),
        "text as backbone": (["train", parts, "-o", out, "--backbone", words], "quantised image classifier"),
        "missing backbone": (["train", parts, "-o", out, "--backbone", tmp_path / "gone"], "lepton backbone list"),
        "no folder to write to": (["train", parts, "-o", tmp_path / "no/out.bundle"], "create it first"),
        "a detector of sounds": (["train", parts, "-o", out, "--detector", "autoencoder"], "(auto, gauss, memory, "),
        "text as bundle": (["evaluate", words, "--data", parts], "wanted a bundle"),
        "negative seed": (["train", parts, "-o", out, "--seed", "-1"], "x>=0"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "missing source",
        "broken pictures",
        "too few",
        "text as backbone",
        "missing backbone",
        "no folder to write to",
        "a detector of sounds",
        "text as bundle",
        "negative seed",
    ],
)
def test_wrong_use_is_a_sentence_exit_code_two_and_no_file(case: str, tmp_path: Path, parts: Path) -> None:
    arguments, found = _wrong_uses(tmp_path, parts)[case]
    result = _lepton(*arguments)
    assert result.exit_code == 2
    assert found in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("*bundle*"))


def test_labels_that_look_good_and_count_as_defects_are_doubted(
    plate_bundle: Path, tmp_path: Path, draw_part: Callable[..., np.ndarray]
) -> None:
    for number in range(4):
        _save(tmp_path / f"{number}.png", draw_part(number))
    rows = "".join(f"{number}.png,{'OK' if number else 'NOK'}\n" for number in range(4))
    (tmp_path / "parts.csv").write_text(f"path,label\n{rows}")
    judged = _lepton("evaluate", plate_bundle, "--data", tmp_path / "parts.csv")
    assert "note: counted as defects: 'OK' (3); if a label of these means good parts" in judged.stdout


def test_a_split_that_is_not_there_is_refused(parts: Path, plate_bundle: Path) -> None:
    result = _lepton("evaluate", plate_bundle, "--data", parts.with_name("parts.csv"), "--split", "validation")
    assert result.exit_code == 2
    assert "found test, train" in result.stderr


def test_how_a_detector_looks_is_said_and_kept_in_its_provenance(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("[light]\nbrightness = 0.1\n")
    bundle, recipe = tmp_path / "plate.bundle", tmp_path / "recipe.toml"
    told = ("--detector", "gauss", "--side", "96", "--layer", "16", "--augment", recipe)
    trained = _document("train", parts, "-o", bundle, "--backbone", "none", *told)
    assert (trained["input"], trained["copies_of_each"]) == ({"height_px": 96, "width_px": 96}, 6)
    (step,) = _document("bundle", "inspect", bundle)["manifest"]["provenance"]
    assert (step["settings"]["recipe"], step["settings"]["layer_stride_px"]) == ({"light": {"brightness": 0.1}}, 16)
