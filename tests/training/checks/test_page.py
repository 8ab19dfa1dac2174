"""The page stands alone, shows what was found, and takes no name for HTML."""

from __future__ import annotations

import re

import numpy as np
import pytest

from training.checks import check_dataset
from training.checks.page import MOST_SHOWN, render
from training.dataset import read_dataset


@pytest.fixture
def checked(save, draw_part, tmp_path):
    for place in range(30):
        save(f"train/good/{place}.png", draw_part(place, height=60, width=80))
    save("test/good/0.png", draw_part(0, height=60, width=80))
    save("test/<b>dent/&1.png", draw_part(40, scratch=True, height=60, width=80))
    (tmp_path / "test" / "good" / "broken.png").write_text("no picture")
    return check_dataset(read_dataset(tmp_path))


def test_the_page_stands_alone_and_shows_what_was_found(checked):
    page = render(checked, "plates")
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "Mend this first" in page
    assert "cannot be read" in page
    assert checked.version[:12] in page
    for one in checked.findings:
        assert one.check in page
    assert render(checked, "plates") == page


def test_names_are_text(checked):
    page = render(checked, "<script>")
    assert "<script>" not in page
    assert "&lt;b&gt;dent" in page
    assert "<b>dent" not in page


def test_a_page_of_many_findings_stays_small(save, tmp_path):
    for place in range(60):
        save(f"good/{place}.png", np.full((20, 20, 3), 100, np.uint8))
    page = render(check_dataset(read_dataset(tmp_path)), "copies")
    assert page.count("<img") <= 3 * MOST_SHOWN
    assert len(page) < 400_000


def test_sounds_are_shown_as_spectrograms(save_sound, tmp_path):
    for place in range(3):
        save_sound(f"good/{place}.wav", np.sin(np.arange(8000) / (3 + place)) / 2)
    page = render(check_dataset(read_dataset(tmp_path)), "hum")
    assert page.count("data:image/jpeg") >= 3
    assert "dB of full scale" in page
