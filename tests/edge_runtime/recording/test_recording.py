from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import Region
from edge_contracts.verdict import Cause
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.frames import Frame
from edge_runtime.recording.album import Album
from edge_runtime.recording.recording import OF_THE_MODEL, Recording
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self


def album(folder: Path) -> Album:
    made = Album(folder, "gate")
    made.open()
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = album(tmp_path / "new" / "good").keep(picture(seed=1))
    np.testing.assert_array_equal(read_picture(path), picture(seed=1))


def test_a_second_recording_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    for _ in range(2):
        again = album(tmp_path)
        for seed in range(2):
            again.keep(picture(seed=seed))
    assert names(tmp_path) == ["gate-0001.png", "gate-0002.png", "gate-0003.png", "gate-0004.png"]


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    made = album(tmp_path)
    for name in ("gate-0001.png", "gate-0002.png"):
        (tmp_path / name).write_bytes(b"somebody else's")
    assert made.keep(picture()).name == "gate-0003.png"
    assert (tmp_path / "gate-0001.png").read_bytes() == b"somebody else's"


def test_other_points_and_files_have_numbers_of_their_own(tmp_path: Path) -> None:
    for name in ("gate-99.jpg", "gate-x.png", "other-0007.png", "gate-0002.png.part"):
        (tmp_path / name).touch()
    assert album(tmp_path).keep(picture()).name == "gate-0001.png"


def test_a_disk_that_refuses_leaves_no_half_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = album(tmp_path)

    class Full:
        def __init__(self, path: Path) -> None:
            path.touch(exist_ok=False)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, _: bytes) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.open", lambda path, _: Full(path))
    with pytest.raises(OSError, match="No space left") as told:
        made.keep(picture())
    assert told.value.filename == str(tmp_path / "gate-0001.png")
    assert names(tmp_path) == []


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "good").write_text("a file")
    with pytest.raises(BadInputError, match=r"wanted a folder for pictures at .*good.*name another"):
        album(tmp_path / "good")


def frame(seed: int = 0) -> Frame:
    return Frame(picture(seed=seed), 1, 1)


def test_what_is_kept_is_what_the_model_will_see(tmp_path: Path) -> None:
    region = Region(x=0.25, y=0.5, width=0.5, height=0.5)
    path = Recording(album(tmp_path), region, 1).offer(frame(), None)
    shown = read_picture(path)
    assert shown.shape == (HEIGHT_PX // 2, WIDTH_PX // 2, 3)
    np.testing.assert_array_equal(shown, picture()[HEIGHT_PX // 2 :, WIDTH_PX // 4 : WIDTH_PX * 3 // 4])


def test_enough_is_enough(tmp_path: Path) -> None:
    recording = Recording(album(tmp_path), Region(), 2)
    kept = [recording.offer(frame(seed), None) for seed in range(4)]
    assert [path is not None for path in kept] == [True, True, False, False]
    assert recording.is_done


@pytest.mark.parametrize("cause", list(Cause))
def test_a_picture_that_cannot_be_judged_is_skipped_and_counted(tmp_path: Path, cause: Cause) -> None:
    recording = Recording(album(tmp_path), Region(), 5)
    kept = recording.offer(frame(), cause)
    assert (kept is not None) == (cause in OF_THE_MODEL)
    assert recording.skipped == ({} if cause in OF_THE_MODEL else {cause: 1})


def test_what_happened_is_told_in_a_line(tmp_path: Path) -> None:
    recording = Recording(album(tmp_path), Region(), 5)
    for cause in (None, Cause.DARK, Cause.DARK, Cause.FROZEN):
        recording.offer(frame(), cause)
    recording.offer(None, None)
    assert str(recording) == "1 of 5 pictures; skipped: 2 dark, 1 frozen, 1 bad-frame"
