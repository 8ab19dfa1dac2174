from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_runtime.capture.folder import FolderSource
from edge_runtime.capture.source import BadReading, SourceEnded, SourceLost
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.clock import FakeClock
from tests.fakes.pictures import picture, write_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index, name in enumerate(["b.png", "a.jpg", "c.PNG"]):
        write_picture(tmp_path / name, picture(seed=index))
    return tmp_path


class TestFolder(SourceContract):
    @pytest.fixture
    def source(self, folder: Path) -> Iterator[FolderSource]:
        source = FolderSource(folder, FakeClock())
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self, tmp_path: Path) -> FolderSource:
        return FolderSource(tmp_path / "gone", FakeClock())


def names(source: FolderSource, count: int) -> list[str]:
    given = []
    for _ in range(count):
        source.advance()
        given.append(source.reading().name)
    return given


def test_pictures_come_in_the_order_of_their_names_and_end(folder: Path) -> None:
    source = FolderSource(folder, FakeClock())
    source.open()
    assert names(source, 3) == ["a.jpg", "b.png", "c.PNG"]
    with pytest.raises(SourceEnded):
        source.advance()


def test_a_repeated_folder_gives_every_part_a_name_of_its_own(folder: Path) -> None:
    source = FolderSource(folder, FakeClock(), repeat=True)
    source.open()
    assert names(source, 5) == ["a.jpg", "b.png", "c.PNG", "a.jpg~2", "b.png~2"]


def test_a_picture_that_vanishes_is_handed_over_as_a_bad_one(folder: Path) -> None:
    source = FolderSource(folder, FakeClock())
    source.open()
    (folder / "a.jpg").unlink()
    source.advance()
    bad = source.reading()
    assert isinstance(bad, BadReading)
    assert bad.name == "a.jpg"
    assert "No such file" in bad.reason


def test_a_picture_of_a_kind_that_is_not_read_is_not_passed_over(folder: Path) -> None:
    (folder / "0.tiff").write_bytes(b"II*\0")
    source = FolderSource(folder, FakeClock())
    source.open()
    source.advance()
    assert isinstance(source.reading(), BadReading)


def test_other_files_are_left_alone(folder: Path) -> None:
    (folder / "0-readme.txt").write_text("parts of Monday")
    source = FolderSource(folder, FakeClock())
    source.open()
    assert names(source, 1) == ["a.jpg"]


def test_a_folder_without_pictures_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match=r"wanted pictures \(\.bmp, .*found none"):
        FolderSource(tmp_path, FakeClock()).open()


def test_a_folder_of_class_folders_names_them(tmp_path: Path) -> None:
    for name in ("good", "cracked"):
        (tmp_path / name).mkdir()
        write_picture(tmp_path / name / "a.png", picture())
    with pytest.raises(SourceLost, match=r"found none; name one of its folders \(cracked, good\)"):
        FolderSource(tmp_path, FakeClock()).open()


def test_more_class_folders_than_a_sentence_takes_are_not_all_named(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name).mkdir()
        write_picture(tmp_path / name / "a.png", picture())
    with pytest.raises(SourceLost, match=r"name one of its folders \(a, b, c, d, …\)"):
        FolderSource(tmp_path, FakeClock()).open()


def test_folders_without_pictures_and_hidden_ones_are_not_recommended(tmp_path: Path) -> None:
    for name in (".git", "@eaDir", "empty", "texts"):
        (tmp_path / name).mkdir()
    write_picture(tmp_path / ".git" / "a.png", picture())
    write_picture(tmp_path / "@eaDir" / "a.png", picture())
    (tmp_path / "texts" / "a.txt").touch()
    with pytest.raises(SourceLost, match="found none; check the path of the source"):
        FolderSource(tmp_path, FakeClock()).open()
