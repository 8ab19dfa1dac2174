"""What a command made and could not use goes again; what it found or filled stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.made_folder import made_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_made_and_stayed_empty_goes_with_those_above_it(tmp_path: Path) -> None:
    with made_folder(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays_empty_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with made_folder(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "a"]


def test_of_a_folder_that_cannot_be_made_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"), made_folder(tmp_path / "a" / ("b" * 300)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_holds_something_stays(tmp_path: Path) -> None:
    with made_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "part.png").touch()
    assert (tmp_path / "a" / "b" / "part.png").exists()
