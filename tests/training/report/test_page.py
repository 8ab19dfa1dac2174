from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np


@pytest.fixture
def parts(tmp_path: Path, save: Callable[..., Path], draw_part: Callable[..., np.ndarray]) -> Path:
    for seed in range(12):
        save(f"parts/good/{seed:02}.png", draw_part(seed))
    for seed in range(3):
        save(f"parts/<b>scratch/{seed:02}.png", draw_part(100 + seed, scratch=True))
        save(f"parts/hidden/{seed:02}.png", draw_part(200 + seed))
    return tmp_path / "parts"


def _page(parts: Path, judged: Path) -> str:
    bundle, page = parts.parent / "plate.bundle", parts.parent / "page.html"
    for arguments in (
        ["train", parts, "-o", bundle],
        ["evaluate", bundle, "--data", judged, "--report", page],
    ):
        result = CliRunner().invoke(main, [str(one) for one in arguments])
        assert result.exit_code == 0, result.output
    return page.read_text("utf-8")


def test_the_page_stands_alone_and_shows_the_worst(parts: Path) -> None:
    page = _page(parts, parts)
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "&lt;b&gt;scratch" in page
    assert "<b>scratch" not in page
    # Hidden defects look like good parts: three misses, each with its heat map.
    assert "3 of 6 defective parts were called good" in page
    assert page.count('alt="Heat map of') >= 3
    for title in ("Figures", "Scores", "By label", "Worst misses", "Worst false alarms", "With more pictures"):
        assert f"<span>{title}</span>" in page
    assert "these good pictures were learned from" in page


def test_good_parts_alone_have_a_page_too(parts: Path) -> None:
    page = _page(parts, parts / "good")
    assert "not known" in page
    assert "<span>Worst misses</span>" not in page
    assert "<span>With more pictures</span>" not in page
