from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from edge_runtime.records.day_files import PARTS_OF_QUOTA, DayFiles

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "a,b\n"
DAY = "2026-11-21"


def files(folder: Path, *, max_bytes: int = 1 << 20, keep_days: int = 90) -> DayFiles:
    return DayFiles(folder, HEADER, max_bytes, keep_days)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_day_begins_with_its_header_and_grows(tmp_path: Path) -> None:
    days = files(tmp_path)
    days.append(DAY, b"1,2\n")
    days.append(DAY, b"3,4\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n1,2\n3,4\n"


def test_a_restart_goes_on_in_the_same_file(tmp_path: Path) -> None:
    files(tmp_path).append(DAY, b"1,2\n")
    files(tmp_path).append(DAY, b"3,4\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("left", "mended"),
    [
        (b"a,b\n1,2\n3,", b"a,b\n1,2\n"),
        (b"a,b\n1,2\n" + b"\0" * 100_000, b"a,b\n1,2\n"),
        (b"a,", b"a,b\n"),
        (b"", b"a,b\n"),
    ],
    ids=["half a line", "a hole of zeros", "half a header", "nothing"],
)
def test_what_a_power_cut_left_is_mended_at_opening(tmp_path: Path, left: bytes, mended: bytes) -> None:
    (tmp_path / f"{DAY}.csv").write_bytes(left)
    days = files(tmp_path)
    days.append(DAY, b"5,6\n")
    assert (tmp_path / f"{DAY}.csv").read_bytes() == mended + b"5,6\n"
    assert days.mended_bytes == len(left) - left.rfind(b"\n") - 1


def test_a_clock_that_jumps_overwrites_nothing(tmp_path: Path) -> None:
    days = files(tmp_path)
    for day, line in [(DAY, b"1,1\n"), ("1970-01-01", b"2,2\n"), ("2099-01-01", b"3,3\n"), (DAY, b"4,4\n")]:
        days.append(day, line)
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n1,1\n4,4\n"
    assert names(tmp_path) == ["1970-01-01.csv", f"{DAY}.csv", "2099-01-01.csv"]


def test_the_oldest_day_goes_when_there_are_too_many(tmp_path: Path) -> None:
    days = files(tmp_path, keep_days=2)
    for day in ("2026-11-19", "2026-11-20", DAY):
        days.append(day, b"1,2\n")
    assert names(tmp_path) == ["2026-11-20.csv", f"{DAY}.csv"]
    assert days.removed == 1


def test_a_long_day_goes_on_in_parts_so_that_the_quota_holds_within_it(tmp_path: Path) -> None:
    quota = 8 * PARTS_OF_QUOTA * 10
    days = files(tmp_path, max_bytes=quota)
    for number in range(400):
        days.append(DAY, b"%03d,x\n" % number)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= quota
    assert f"{DAY}.csv" not in names(tmp_path)
    newest = max(tmp_path.iterdir(), key=lambda path: int(path.name.split(".")[1]))
    assert newest.read_text().endswith("399,x\n")


def test_the_file_in_use_is_never_the_one_that_goes_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_runtime.records.day_files.PARTS_OF_QUOTA", 1)
    days = files(tmp_path, max_bytes=100)
    days.append(DAY, b"1" * 59 + b"\n")
    for line in (b"2" * 19 + b"\n", b"3" * 19 + b"\n"):
        days.append("1970-01-01", line)
    assert names(tmp_path) == ["1970-01-01.csv"]
    assert (tmp_path / "1970-01-01.csv").read_text() == "a,b\n" + "2" * 19 + "\n" + "3" * 19 + "\n"


def test_what_earlier_runs_left_counts_towards_the_quota(tmp_path: Path) -> None:
    (tmp_path / "2026-11-01.csv").write_bytes(b"x" * 900)
    files(tmp_path, max_bytes=1000).append(DAY, b"1" * 150 + b"\n")
    assert names(tmp_path) == [f"{DAY}.csv"]


def test_a_file_with_other_columns_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / f"{DAY}.csv").write_text("old,columns\n1,2\n")
    files(tmp_path).append(DAY, b"1,2\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "old,columns\n1,2\n"
    assert (tmp_path / f"{DAY}.2.csv").read_text() == "a,b\n1,2\n"


def test_a_file_that_was_taken_away_is_begun_again(tmp_path: Path) -> None:
    days = files(tmp_path)
    days.append(DAY, b"1,2\n")
    (tmp_path / f"{DAY}.csv").unlink()
    days.append(DAY, b"3,4\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n3,4\n"


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = files(tmp_path)
    days.append(DAY, b"1,2\n")
    real_write = os.write

    def half(descriptor: int, body: bytes) -> int:
        if len(body) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, body[: len(body) - 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            days.append(DAY, b"3,4\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n1,2\n"
    days.append(DAY, b"3,4\n")
    assert (tmp_path / f"{DAY}.csv").read_text() == "a,b\n1,2\n3,4\n"
