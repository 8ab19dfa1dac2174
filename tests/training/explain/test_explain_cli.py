from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


def _lepton(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_a_defect_is_explained_by_places_and_by_known_parts(
    plate_bundle: Path, plate_parts: Path, tmp_path: Path
) -> None:
    picture, page = plate_parts / "<b>scratch/00.png", tmp_path / "why.html"
    told = _lepton("explain", plate_bundle, picture, "--data", plate_parts, "-o", page, "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert document["verdict"] == "defect"
    assert document["occlusion"]["least_score"] < document["score"]
    assert len(document["good_alike"]) == 3
    # It is not compared with itself.
    assert str(picture) not in {one["path"] for one in document["defective_alike"]}
    assert {one["label"] for one in document["defective_alike"][:2]} == {"<b>scratch"}
    content = page.read_text("utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", content)
    assert '<h2 id="defective">Defects like it</h2>' in content


def test_people_get_sentences(plate_bundle: Path, plate_parts: Path) -> None:
    told = _lepton("explain", plate_bundle, plate_parts / "good/00.png")
    assert told.exit_code == 0, told.output
    assert "00.png: good, score" in told.stdout
    assert "hiding the place at" in told.stdout


@pytest.mark.parametrize(("picture", "found"), [("gone.png", "gone.png"), ("plate.bundle", "plate.bundle")])
def test_what_is_no_picture_is_refused(picture: str, found: str, plate_bundle: Path) -> None:
    told = _lepton("explain", plate_bundle, plate_bundle.parent / picture)
    assert told.exit_code == 2
    assert found in told.stderr
    assert "Traceback" not in told.stderr


def test_a_picture_without_light_is_refused_as_by_the_others(plate_bundle: Path, save: Callable[..., Path]) -> None:
    told = _lepton("explain", plate_bundle, save("black.png", np.zeros((120, 160, 3), np.uint8)))
    assert told.exit_code == 2
    assert "wanted a picture with light in it, found none above 0 of 255" in told.stderr
    assert "take it again with light" in told.stderr
