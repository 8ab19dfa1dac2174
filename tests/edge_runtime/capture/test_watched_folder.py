from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING, BinaryIO

import cv2
import numpy as np
import pytest

from edge_contracts.station import FolderSource as FolderSettings
from edge_runtime.capture.folder import builder
from edge_runtime.capture.picture_file import read_content
from edge_runtime.capture.source import BadReading, SourceLost, SourceQuiet, arrival_of
from edge_runtime.capture.watched_folder import Memory, Stamp, WatchedFolder, _looked_into, _stamp
from edge_runtime.frames import Arrival, Frame
from tests.edge_runtime.capture.source_contract import SourceContract, step
from tests.fakes.clock import FakeClock
from tests.fakes.pictures import picture, write_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_runtime.capture.source import Reading

SETTLE_S = 0.3


class Watch:
    """A watched folder whose memory outlives its sources."""

    def __init__(self, folder: Path, *, delete: bool = False) -> None:
        self.clock = FakeClock()
        self.folder = folder
        self.memory = Memory()
        self.delete = delete
        self.source = self.anew()

    def anew(self) -> WatchedFolder:
        source = WatchedFolder(
            self.folder, self.memory, self.clock, threading.Event(), delete=self.delete, settle_s=SETTLE_S
        )
        source.open()
        return source

    def begin(self) -> Watch:
        self.quiet()
        return self

    def quiet(self) -> None:
        with pytest.raises(SourceQuiet):
            self.source.advance()

    def step(self) -> None:
        step(self.source)

    def names(self, count: int) -> list[str]:
        given = []
        for _ in range(count):
            self.step()
            given.append(self.source.reading().name)
        return given


def lay_in(folder: Path, name: str, *, seed: int = 0, at_s: int = 1_000) -> Path:
    """A picture that is renamed into place, last changed at `at_s`."""
    path = write_picture(folder / f".{name}", picture(seed=seed)).rename(folder / name)
    os.utime(path, (at_s, at_s))
    return path


class TestWatchedFolder(SourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[WatchedFolder]:
        watch = Watch(tmp_path).begin()
        for number in range(4):
            lay_in(tmp_path, f"{number}.png", seed=number)
        yield watch.source
        watch.source.close()

    @pytest.fixture
    def absent(self, tmp_path: Path) -> WatchedFolder:
        return WatchedFolder(
            tmp_path / "gone", Memory(), FakeClock(), threading.Event(), delete=False, settle_s=SETTLE_S
        )


def test_pictures_come_in_the_order_of_their_arrival_whatever_their_names(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "b.png", at_s=1_000)
    lay_in(tmp_path, "a.png", at_s=1_001)
    assert watch.names(2) == ["b.png", "a.png"]
    watch.quiet()


def test_an_empty_folder_is_quiet_and_no_fault(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    begun_ns = watch.clock.now_ns()
    watch.quiet()
    assert 0 < watch.clock.now_ns() - begun_ns < 1e9, "it waits a moment, so that nobody spins, and then says so"


def test_what_lies_there_at_the_start_is_no_part_of_this_run(tmp_path: Path) -> None:
    lay_in(tmp_path, "old.png")
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "new.png")
    assert watch.names(1) == ["new.png"]
    watch.quiet()


def test_where_judged_pictures_are_deleted_those_that_wait_are_parts(tmp_path: Path) -> None:
    lay_in(tmp_path, "waiting.png")
    assert Watch(tmp_path, delete=True).names(1) == ["waiting.png"]


def test_a_picture_that_still_grows_is_waited_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    whole = write_picture(tmp_path / ".x.bmp", picture()).read_bytes()
    growing = tmp_path / "x.bmp"
    growing.write_bytes(whole[:4000])
    watch.source._look()
    watch.clock.advance(SETTLE_S * 0.9)
    growing.write_bytes(whole)
    watch.source._look()
    watch.clock.advance(SETTLE_S * 0.9)
    watch.source._look()
    assert not watch.memory.waiting
    assert watch.names(1) == ["x.bmp"]


def test_a_slow_writers_picture_is_waited_for_until_its_end_is_there(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    whole = write_picture(tmp_path / ".x.png", picture()).read_bytes()
    (tmp_path / "x.png").write_bytes(whole[:4000])
    watch.quiet()
    (tmp_path / "x.png").write_bytes(whole)
    watch.step()
    assert not isinstance(watch.source.reading(), BadReading)


def test_a_picture_that_stays_cut_off_is_a_bad_one_in_the_end(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    whole = write_picture(tmp_path / ".x.png", picture()).read_bytes()
    (tmp_path / "x.png").write_bytes(whole[:4000])
    for _ in range(2):
        watch.quiet()
    watch.clock.advance(SETTLE_S * 10)
    watch.step()
    bad = watch.source.reading()
    assert isinstance(bad, BadReading)
    assert "cut off" in bad.reason
    watch.quiet()


def test_after_the_folder_was_away_nothing_is_judged_again(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    watch = Watch(folder).begin()
    lay_in(folder, "a.png")
    assert watch.names(1) == ["a.png"]
    folder.rename(tmp_path / "away")
    with pytest.raises(SourceLost, match="wanted a folder to watch"):
        watch.source.advance()
    folder.mkdir()
    watch.source.open()
    watch.quiet()
    folder.rmdir()
    (tmp_path / "away").rename(folder)
    watch.source.open()
    watch.quiet()


def test_a_fresh_thread_knows_what_the_one_left_behind_gave(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "a.png")
    assert watch.names(1) == ["a.png"]
    watch.source = watch.anew()
    watch.quiet()


def test_the_sources_of_one_point_share_their_memory(tmp_path: Path) -> None:
    build = builder(FolderSettings(kind="folder", path=str(tmp_path), watch=True), FakeClock())
    assert build(threading.Event())._memory is build(threading.Event())._memory


def test_a_file_that_is_written_over_is_another_part(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "latest.png", seed=1, at_s=1_000)
    assert watch.names(1) == ["latest.png"]
    lay_in(tmp_path, "latest.png", seed=2, at_s=1_001)
    assert watch.names(1) == ["latest.png~2"]


def test_a_judged_picture_is_deleted_when_the_next_one_is_called_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path, delete=True)
    lay_in(tmp_path, "a.png", at_s=1_000)
    lay_in(tmp_path, "b.png", at_s=1_001)
    watch.names(1)
    assert (tmp_path / "a.png").exists(), "nobody has judged it yet"
    watch.step()
    assert (tmp_path / "a.png").exists(), "the next one is there, but nobody has asked for it"
    watch.source.reading()
    assert not (tmp_path / "a.png").exists()
    watch.source.close()
    assert (tmp_path / "b.png").exists()


def test_a_picture_that_cannot_be_read_is_kept_to_be_looked_at(tmp_path: Path) -> None:
    watch = Watch(tmp_path, delete=True)
    (tmp_path / "a.tiff").write_bytes(b"II*\0")
    watch.step()
    assert isinstance(watch.source.reading(), BadReading)
    lay_in(tmp_path, "b.png")
    assert watch.names(1) == ["b.png"]
    assert (tmp_path / "a.tiff").exists()


def test_hidden_and_other_files_are_left_alone(tmp_path: Path) -> None:
    watch = Watch(tmp_path, delete=True)
    write_picture(tmp_path / ".a.png", picture())
    (tmp_path / "list.csv").write_text("1;2")
    shutil.copy(write_picture(tmp_path / ".c.png", picture()), tmp_path / "c.png.part")
    watch.quiet()


def test_a_long_run_forgets_what_left_long_ago_and_nothing_that_is_there() -> None:
    memory = Memory()
    for number in range(65_536 + 3):
        memory.note(f"{number}.png", Stamp(1, 1, 1, 1))
    memory.forget_gone({"0.png"})
    assert memory.knows("0.png", Stamp(1, 1, 1, 1))
    assert not memory.knows("1.png", Stamp(1, 1, 1, 1))
    assert memory.knows("65538.png", Stamp(1, 1, 1, 1))


def arrivals(watch: Watch, count: int) -> list[Arrival]:
    given = []
    for _ in range(count):
        watch.step()
        arrival = arrival_of(watch.source.reading())
        assert arrival is not None
        given.append(arrival)
    return given


def test_a_picture_is_dated_by_the_looks_around_its_coming_and_not_by_its_completion(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    empty_ns = watch.clock.now_ns()
    lay_in(tmp_path, "a.png")
    watch.clock.advance(0.1)
    came_ns = watch.clock.now_ns()
    assert arrivals(watch, 1) == [Arrival(empty_ns, came_ns)]
    assert watch.clock.now_ns() >= came_ns + SETTLE_S * 1e9


def test_a_picture_is_dated_although_nobody_has_asked_for_the_one_before_it(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "a.png", at_s=1_000)
    watch.step()
    lay_in(tmp_path, "b.png", at_s=1_001)
    came_ns = watch.clock.now_ns()
    watch.source.attend()
    watch.clock.advance(60)
    watch.source.attend()
    assert watch.source.reading().name == "a.png"
    watch.step()
    b = watch.source.reading()
    arrival = arrival_of(b)
    assert arrival is not None
    assert (b.name, arrival.seen_at_ns) == ("b.png", came_ns)


def test_a_picture_from_while_the_folder_was_away_may_have_come_at_any_time_since(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    last_look_ns = watch.clock.now_ns()
    watch.source.close()
    lay_in(tmp_path, "a.png")
    watch.clock.advance(60)
    watch.source = watch.anew()
    assert [one.absent_at_ns for one in arrivals(watch, 1)] == [last_look_ns]


def test_a_file_that_is_written_over_comes_again(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "latest.png", seed=1, at_s=1_000)
    first = arrivals(watch, 1)[0]
    lay_in(tmp_path, "latest.png", seed=2, at_s=1_001)
    assert arrivals(watch, 1)[0].seen_at_ns > first.seen_at_ns


def test_a_bad_picture_is_dated_too(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    (tmp_path / "a.tiff").write_bytes(b"II*\0")
    assert len(arrivals(watch, 1)) == 1


def level_of(reading: Reading) -> int:
    assert isinstance(reading, Frame)
    return int(reading.pixels[0, 0, 0])


def flat(folder: Path, level: int, name: str = "a.bmp", *, at_ns: int = 1_000) -> Path:
    """A picture of one grey level, which is written in place; every one has the same size."""
    path = folder / name
    assert cv2.imwrite(str(path), np.full((60, 80, 3), level, np.uint8))
    os.utime(path, ns=(at_ns, at_ns))
    return path


def test_a_picture_that_is_written_over_before_it_is_read_is_unknown_and_the_new_one_the_next_part(
    tmp_path: Path,
) -> None:
    watch = Watch(tmp_path).begin()
    flat(tmp_path, 10)
    watch.step()
    flat(tmp_path, 20, at_ns=1_001)
    lost = watch.source.reading()
    assert isinstance(lost, BadReading)
    assert lost.name == "a.bmp"
    assert "written over before it was read" in lost.reason
    watch.step()
    reading = watch.source.reading()
    assert (reading.name, level_of(reading)) == ("a.bmp~2", 20)
    watch.quiet()


def test_a_picture_that_is_written_over_while_it_is_read_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path).begin()
    flat(tmp_path, 10)
    watch.step()

    def torn(file: BinaryIO, name: str) -> bytes:
        content = read_content(file, name)
        flat(tmp_path, 20, at_ns=1_001)
        return content

    monkeypatch.setattr("edge_runtime.capture.watched_folder.read_content", torn)
    assert isinstance(watch.source.reading(), BadReading)
    monkeypatch.undo()
    watch.step()
    assert level_of(watch.source.reading()) == 20


def tick(folder: Path) -> None:
    """Until the kernel's clock for files, which goes in steps of some milliseconds, has gone on."""
    mark = folder / ".mark"
    mark.touch()
    begun_ns = mark.stat().st_ctime_ns
    while mark.stat().st_ctime_ns == begun_ns:
        mark.touch()


def test_a_file_renamed_over_another_of_the_same_size_and_time_is_another_part(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    for level, name in ((10, "a.bmp"), (20, "a.bmp~2")):
        tick(tmp_path)
        flat(tmp_path, level, ".a.bmp").rename(tmp_path / "a.bmp")
        watch.step()
        reading = watch.source.reading()
        assert (reading.name, level_of(reading)) == (name, level)


def test_a_folder_that_is_mounted_again_with_other_inodes_holds_no_new_parts(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    watch = Watch(folder).begin()
    flat(folder, 10)
    assert watch.names(1) == ["a.bmp"]
    shutil.copytree(folder, tmp_path / "copy")
    folder.rename(tmp_path / "away")
    (tmp_path / "copy").rename(folder)
    watch.source.open()
    watch.quiet()
    watch.quiet()


def test_a_listing_that_lags_behind_the_file_is_a_file_that_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path).begin()
    flat(tmp_path, 10)
    with monkeypatch.context() as patched:
        patched.setattr("edge_runtime.capture.watched_folder._listed_stamp", lambda _: Stamp(4_000, 1, 1, 1))
        watch.quiet()
        watch.quiet()
    assert watch.names(1) == ["a.bmp"]
    watch.quiet()


def test_what_was_written_over_a_judged_picture_is_not_deleted_unjudged(tmp_path: Path) -> None:
    watch = Watch(tmp_path, delete=True)
    for number, name in enumerate(("a.bmp", "a.bmp~2", "a.bmp~3"), 1):
        flat(tmp_path, 10 * number, at_ns=number)
        watch.step()
        reading = watch.source.reading()
        assert (reading.name, level_of(reading)) == (name, 10 * number)


class Writer:
    """Writes one PNG piece by piece, in place."""

    def __init__(self, folder: Path, name: str, *, seed: int) -> None:
        self._whole = write_picture(folder / f".{name}", picture(seed=seed)).read_bytes()
        self._path = folder / name
        self._pieces = 0

    def write(self, pieces: int = 1, *, of: int = 10) -> None:
        self._pieces += pieces
        self._path.write_bytes(self._whole[: self._pieces * len(self._whole) // of])


def test_a_picture_waits_for_one_that_came_before_and_is_still_being_written(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    slow = Writer(tmp_path, "part1.png", seed=1)
    slow.write()
    watch.source.attend()
    watch.clock.advance(0.1)
    lay_in(tmp_path, "part2.png", seed=2)
    for _ in range(5):
        watch.quiet()
        slow.write()
    slow.write(4)
    assert watch.names(2) == ["part1.png", "part2.png"]
    watch.quiet()


def test_a_picture_waits_for_a_cut_off_one_before_it_until_that_is_a_bad_one(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    Writer(tmp_path, "torn.png", seed=1).write(5)
    watch.source.attend()
    watch.clock.advance(0.1)
    lay_in(tmp_path, "whole.png", seed=2)
    begun_ns = watch.clock.now_ns()
    watch.step()
    assert isinstance(torn := watch.source.reading(), BadReading)
    assert (torn.name, (watch.clock.now_ns() - begun_ns) / 1e9) == ("torn.png", pytest.approx(SETTLE_S * 10, abs=0.5))
    assert watch.names(1) == ["whole.png"]


def test_a_file_that_is_written_for_ever_holds_others_up_for_a_while_and_is_then_a_bad_one(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    flat(tmp_path, 10, "live.bmp", at_ns=1)
    watch.source.attend()
    watch.clock.advance(0.1)
    lay_in(tmp_path, "part.png")
    for turn in range(2, 200):
        flat(tmp_path, 10, "live.bmp", at_ns=turn)
        watch.clock.advance(0.2)
        watch.source.attend()
        if watch.memory.waiting:
            break
    watch.step()
    assert isinstance(given_up := watch.source.reading(), BadReading)
    assert (given_up.name, 0.2 * turn) == ("live.bmp", pytest.approx(SETTLE_S * 100, rel=0.1))
    assert "still being written" in given_up.reason
    assert watch.names(1) == ["part.png"]


def test_a_picture_that_lies_there_when_a_folder_is_back_after_long_is_not_given_up(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    lay_in(tmp_path, "a.png")
    watch.source.attend()
    watch.source.close()
    watch.clock.advance(SETTLE_S * 200)
    watch.source.open()
    watch.step()
    assert not isinstance(watch.source.reading(), BadReading)


def test_a_picture_that_waits_and_is_written_over_is_unknown_and_the_new_one_comes_when_it_came(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    for number, name in enumerate(("first.bmp", "a.bmp")):
        flat(tmp_path, 10, name, at_ns=number)
    watch.step()
    flat(tmp_path, 20, at_ns=1_001)
    watch.source.attend()
    over_ns = watch.clock.now_ns()
    assert watch.source.reading().name == "first.bmp"
    watch.step()
    assert isinstance(watch.source.reading(), BadReading)
    watch.step()
    reading = watch.source.reading()
    arrival = arrival_of(reading)
    assert arrival is not None
    assert (reading.name, level_of(reading), arrival.seen_at_ns) == ("a.bmp~2", 20, over_ns)


def test_pictures_that_wait_are_neither_opened_nor_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, opened = Watch(tmp_path).begin(), list[str]()

    def looked_into(path: Path) -> tuple[Stamp | None, bool]:
        opened.append(path.name)
        return _looked_into(path)

    monkeypatch.setattr("edge_runtime.capture.watched_folder._looked_into", looked_into)
    for number in range(9):
        lay_in(tmp_path, f"{number}.png", at_s=1_000 + number)
    watch.step()
    for _ in range(10):
        watch.source.attend()
    assert opened == [f"{number}.png" for number in range(9)]
    assert watch.names(9) == opened


def test_pictures_that_wait_are_judged_when_a_folder_that_was_away_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    watch = Watch(folder).begin()
    for number in range(3):
        lay_in(folder, f"{number}.png", at_s=1_000 + number)
    assert watch.names(1) == ["0.png"]
    folder.rename(tmp_path / "away")
    watch.clock.advance(1)
    with pytest.raises(SourceLost):
        watch.source.advance()
    (tmp_path / "away").rename(folder)
    watch.source.open()
    for _ in range(2):
        watch.step()
        assert not isinstance(watch.source.reading(), BadReading)
    watch.quiet()


def test_a_picture_is_dated_while_others_wait_and_are_taken_one_after_the_other(tmp_path: Path) -> None:
    watch = Watch(tmp_path).begin()
    for number in range(20):
        lay_in(tmp_path, f"{number:02}.png", at_s=1_000 + number)
    watch.names(5)
    lay_in(tmp_path, "late.png", at_s=2_000)
    came_ns = watch.clock.now_ns()
    dated = []
    for _ in range(16):
        watch.clock.advance(0.1)
        dated += arrivals(watch, 1)
    assert 0 <= dated[-1].seen_at_ns - came_ns <= 0.3e9


@pytest.mark.parametrize("delete", [False, True])
def test_a_disk_that_numbers_its_files_anew_while_it_is_mounted_holds_no_new_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, delete: bool
) -> None:
    watch = Watch(tmp_path, delete=delete).begin()
    for number in range(3):
        lay_in(tmp_path, f"{number}.png", at_s=1_000 + number)
    assert watch.names(2) == ["0.png", "1.png"]

    def renumbered(state: os.stat_result) -> Stamp:
        stamp = _stamp(state)
        return stamp._replace(inode=stamp.inode + 1_000)

    monkeypatch.setattr("edge_runtime.capture.watched_folder._stamp", renumbered)
    watch.step()
    assert not isinstance(watch.source.reading(), BadReading)
    watch.quiet()
    assert sorted(one.name for one in tmp_path.glob("[0-9].png")) == (
        ["2.png"] if delete else ["0.png", "1.png", "2.png"]
    )
