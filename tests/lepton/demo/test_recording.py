from __future__ import annotations

import csv
import errno
import resource
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.trigger.presence import PresenceRule
from lepton.demo.film import Film
from lepton.demo.recording import write_film, write_photographs, write_stills

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lepton.demo.film import FilmFrame

FILM = Film(2, "bracket", parts=3, defect_rate=1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "deep" / "film.avi"
    write_film(FILM, path)
    return path


@pytest.fixture(scope="module")
def drawn() -> list[FilmFrame]:
    return list(FILM)


def played(path: Path) -> list[NDArray[np.uint8]]:
    reel, frames = cv2.VideoCapture(str(path)), []
    while True:
        more, frame = reel.read()
        if not more:
            reel.release()
            return frames
        frames.append(frame[..., ::-1])


def test_the_film_reads_back_frame_by_frame(recorded: Path, drawn: list[FilmFrame]) -> None:
    frames = played(recorded)
    assert len(frames) == len(FILM)
    for frame, original in zip(frames, drawn, strict=True):
        assert cv2.absdiff(np.ascontiguousarray(frame), original.image).mean() < 4


def test_the_centred_frames_are_given_as_they_were_drawn(tmp_path: Path, drawn: list[FilmFrame]) -> None:
    given, centred = write_film(FILM, tmp_path / "film.avi"), [frame for frame in drawn if frame.is_centred]
    assert [frame.part_index for frame in given] == [frame.part_index for frame in centred] == [0, 1, 2]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(given, centred, strict=True))


def test_the_recorded_parts_trigger_where_the_table_says(recorded: Path) -> None:
    rule = PresenceRule()
    fired = [number for number, frame in enumerate(played(recorded)) if rule.update(frame).trigger]
    with recorded.with_suffix(".csv").open(encoding="utf-8") as table:
        assert fired == [int(row["centred_frame"]) for row in csv.DictReader(table)]


def test_the_table_tells_the_truth_of_the_film(recorded: Path) -> None:
    with recorded.with_suffix(".csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [(int(row["part"]), row["defect"]) for row in rows] == [(t.part_index, t.defect or "") for t in FILM.truth]
    assert all(int(row["first_frame"]) < int(row["centred_frame"]) < int(row["last_frame"]) for row in rows)


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_photographs(tmp_path, 3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_photographs_show_the_part_where_the_film_centres_it(tmp_path: Path, drawn: list[FilmFrame]) -> None:
    photographs = [cv2.imread(str(path)).astype(int) for path in write_photographs(tmp_path, 6, seed=2)]
    centred = [frame.image[..., ::-1].astype(int) for frame in drawn if frame.is_centred]
    photograph, frame = np.mean(photographs, axis=0), np.mean(centred, axis=0)
    steel = (slice(100, 380), slice(130, 510))
    assert np.corrcoef(photograph[steel].ravel(), frame[steel].ravel())[0, 1] > 0.9


def test_photographs_are_the_same_for_one_seed_and_all_different(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_photographs(tmp_path / "a", 3, seed=5, kind="cap")]
    again = [path.read_bytes() for path in write_photographs(tmp_path / "b", 3, seed=5, kind="cap")]
    assert first == again
    assert len(set(first)) == 3


def test_a_film_of_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"ends in \.avi; found film\.mp4"):
        write_film(FILM, tmp_path / "film.mp4")


def test_a_film_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.avi").mkdir()
    with pytest.raises(BadInputError, match="cannot be opened"):
        write_film(FILM, tmp_path / "film.avi")


def test_a_disk_that_takes_no_more_is_told_with_the_picture_and_leaves_no_half_of_it(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="too large") as told:
            write_photographs(tmp_path, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (told.value.errno, told.value.filename) == (errno.EFBIG, str(tmp_path / "part-0001.jpg"))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_with_the_still_that_it_refused(tmp_path: Path, drawn: list[FilmFrame]) -> None:
    frame = next(each for each in drawn if each.is_centred)
    place = tmp_path / str(frame.defect) / f"part-{frame.part_index:04d}.jpg"
    place.parent.mkdir()
    place.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as told:
        write_stills([frame], tmp_path)
    assert told.value.errno == errno.ENOSPC
