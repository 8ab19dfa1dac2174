"""What the command says beside the figures; the figures themselves are the suite's."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from edge_contracts.bundle import LEARNED, read_bundle, write_bundle
from lepton.cli import main
from training.robustness.corruptions import CORRUPTIONS
from training.robustness.suite import run_suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _one_corruption(monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(run_suite, corruptions=CORRUPTIONS[:1])
    monkeypatch.setattr("training.robustness.suite.run_suite", few)


def _told(bundle: Path, parts: Path, *more: str | Path) -> str:
    words = ["robustness", bundle, "--data", parts, "--most", "2", *more]
    result = CliRunner().invoke(main, [str(one) for one in words])
    assert result.exit_code == 0, result.output
    return result.stdout


def _document(bundle: Path, parts: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_told(bundle, parts, "--json"))
    return document


def test_parts_that_taught_the_bundle_are_told(plate_bundle: Path, plate_parts: Path, tmp_path: Path) -> None:
    learned = _document(plate_bundle, plate_parts)["learned"]
    assert [name.split("/")[-2:] for name in learned] == [["good", "00.png"], ["good", "12.png"]]
    page, note = tmp_path / "page.html", "note: 2 of these 6 pictures were learned from"
    assert note in _told(plate_bundle, plate_parts, "--page", page).splitlines()[-1]
    assert note in page.read_text("utf-8")


def test_parts_that_taught_nobody_need_no_note(plate_bundle: Path, plate_parts: Path) -> None:
    assert _document(plate_bundle, plate_parts / "hidden")["learned"] == []
    assert "note" not in _told(plate_bundle, plate_parts / "hidden")


def test_recordings_are_refused_as_what_they_are(
    plate_bundle: Path, save_sound: Callable[..., Path], tmp_path: Path
) -> None:
    save_sound("good/1.wav", [0.0] * 100)
    refused = CliRunner().invoke(main, ["robustness", str(plate_bundle), "--data", str(tmp_path)])
    assert (refused.exit_code, "wanted pictures to make worse, found recordings" in refused.stderr) == (2, True)


def test_of_a_bundle_that_does_not_say_what_it_learned_nobody_knows(
    plate_bundle: Path, plate_parts: Path, tmp_path: Path
) -> None:
    read, silent = read_bundle(plate_bundle), tmp_path / "silent.bundle"
    files = tuple(one for one in read.manifest.files if one.path != LEARNED)
    manifest = read.manifest.model_copy(update={"files": files})
    write_bundle(
        silent, manifest, {name: one for name, one in read.members.items() if name not in {LEARNED, "manifest.json"}}
    )
    assert _document(silent, plate_parts)["learned"] is None
    assert "nobody knows whether some of these are among them" in _told(silent, plate_parts)
    judged = CliRunner().invoke(main, ["evaluate", str(silent), "--data", str(plate_parts), "--json"])
    assert json.loads(judged.stdout)["data"]["learned"] is None
    judged = CliRunner().invoke(main, ["evaluate", str(silent), "--data", str(plate_parts)])
    assert "note: this bundle has no list of the pictures that it learned" in judged.stdout
