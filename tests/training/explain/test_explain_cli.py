from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from click.testing import Result


def _lepton(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def bundle(tmp_path: Path, save: Callable[..., Path], draw_part: Callable[..., np.ndarray]) -> Path:
    for seed in range(12):
        save(f"parts/good/{seed:02}.png", draw_part(seed))
    for seed in range(3):
        save(f"parts/scratch/{seed:02}.png", draw_part(100 + seed, scratch=True))
    path = tmp_path / "plate.bundle"
    assert _lepton("train", tmp_path / "parts", "-o", path).exit_code == 0
    return path


def test_a_defect_is_explained_by_places_and_by_known_parts(bundle: Path, tmp_path: Path) -> None:
    parts, page = tmp_path / "parts", tmp_path / "why.html"
    told = _lepton("explain", bundle, parts / "scratch/00.png", "--data", parts, "-o", page, "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert document["verdict"] == "defect"
    assert document["occlusion"]["least_score"] < document["score"]
    assert len(document["good_alike"]) == 3
    # It is not compared with itself.
    assert sorted(one["path"][-6:] for one in document["defective_alike"]) == ["01.png", "02.png"]
    content = page.read_text("utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", content)
    assert '<h2 id="defective">Defects like it</h2>' in content


def test_people_get_sentences(bundle: Path, tmp_path: Path) -> None:
    told = _lepton("explain", bundle, tmp_path / "parts/good/00.png")
    assert told.exit_code == 0, told.output
    assert "00.png: good, score" in told.stdout
    assert "hiding the place at" in told.stdout


@pytest.mark.parametrize(("picture", "found"), [("gone.png", "gone.png"), ("plate.bundle", "plate.bundle")])
def test_what_is_no_picture_is_refused(picture: str, found: str, bundle: Path, tmp_path: Path) -> None:
    told = _lepton("explain", bundle, tmp_path / picture)
    assert told.exit_code == 2
    assert found in told.stderr
    assert "Traceback" not in told.stderr
