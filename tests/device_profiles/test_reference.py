"""The page of the profiles says what the models and the board files say."""

from __future__ import annotations

import re
from pathlib import Path

from device_profiles.board import Profile
from device_profiles.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "profiles.md"


def test_the_page_is_the_one_that_the_code_writes() -> None:
    assert PAGE.read_text("utf-8") == reference(), (
        "docs/reference/profiles.md is old; write it anew with "
        "'python -m device_profiles.reference > docs/reference/profiles.md'"
    )


def test_every_key_of_a_board_file_has_a_meaning() -> None:
    form = reference().partition("## The form of a board file")[2].partition("## Boards")[0]
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (.*) \|$", form, re.MULTILINE)
    assert {key for key, _, _ in rows} >= set(Profile.model_fields)
    assert [key for key, _, meaning in rows if not meaning.strip()] == []
