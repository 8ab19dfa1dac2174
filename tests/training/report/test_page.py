from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def _evaluate(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, ["evaluate", *(str(one) for one in arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_page_stands_alone_and_shows_the_worst(plate_bundle: Path, plate_parts: Path, tmp_path: Path) -> None:
    _evaluate(plate_bundle, "--data", plate_parts, "--report", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "&lt;b&gt;scratch" in page
    assert "<b>scratch" not in page
    # Hidden defects look like good parts: three misses, each with its heat map.
    assert "3 of 6 defective parts were called good" in page
    assert page.count('alt="Heat map of') >= 3
    assert page.count("no place reaches the threshold; coloured is what comes nearest to it") >= 3
    assert "No threshold is advised from pictures that were learned; " in page.replace("&#39;", "'")
    assert "is tried where the data has 20 or more of them for training" in page
    for title in ("Figures", "Scores", "By label", "Worst misses", "Worst false alarms", "With more pictures"):
        assert f"<span>{title}</span>" in page
    assert "note: 24 of these 30 pictures were learned from" in page


def test_good_parts_alone_have_a_page_too(plate_bundle: Path, plate_parts: Path, tmp_path: Path) -> None:
    _evaluate(plate_bundle, "--data", plate_parts / "good", "--report", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "not known" in page
    assert "<span>Worst misses</span>" not in page
    assert "<span>With more pictures</span>" not in page


def test_more_good_parts_for_training_are_tried(plate_bundle: Path, plate_parts: Path, tmp_path: Path) -> None:
    good = sorted(plate_parts.glob("good/*"))
    rows = [f"{one},good,{'test' if place % 6 == 0 else 'train'}" for place, one in enumerate(good)]
    rows += [f"{one},hidden,test" for one in sorted(plate_parts.glob("hidden/*"))]
    manifest, page = tmp_path / "parts.csv", tmp_path / "page.html"
    manifest.write_text("\n".join(["path,label,split", *rows]))
    told = _evaluate(plate_bundle, "--data", manifest, "--report", page, "--json")
    assert [one["photographs"] for one in json.loads(told)["learning_curve"]] == [10, 20]
    assert "More good photographs to learn from" in page.read_text("utf-8")
