"""The lessons of one point on disk: whole or not at all, each with a checksum, and a count of every change.

A lesson that is lost without a word could let a defect pass, so a file that does not give back what was kept is an
error and never an empty file.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_contracts.errors import LeptonError
from edge_runtime.lessons.lesson import Impression, Kind, Lesson
from edge_runtime.state_folder import MediumRefused, make_folder

if TYPE_CHECKING:
    from pathlib import Path

MOST: Final = 500
"""Lessons of one point, those of other bundles among them: some megabytes, and learned anew in a second."""

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS lessons (n INTEGER PRIMARY KEY AUTOINCREMENT, about TEXT NOT NULL, "
    "features BLOB NOT NULL, heat BLOB NOT NULL, picture BLOB NOT NULL, sum TEXT NOT NULL)"
)
_TYPES: Final = (int, str, bytes, bytes, bytes, str)
_SELECT: Final = "SELECT n, about, features, heat, picture, sum FROM lessons ORDER BY n"


class LessonsDamaged(LeptonError, ValueError):
    """The file does not give back what was kept in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds.

    revision: rises with every change, also where one was taken back. number: the last one that was given.
    """

    lessons: tuple[Lesson, ...]
    revision: int
    number: int


class LessonFile:
    """A small SQLite file, opened for each use: lessons are rare.

    Args:
        path: made with the first lesson, its folder too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Kept:
        """Everything; nothing where there is no file.

        Raises:
            LessonsDamaged: it cannot be read, or holds something else than was written.
        """
        try:
            if not self._is_there():
                return Kept((), 0, 0)
            with closing(sqlite3.connect(self._path)) as con:  # makes no table: a file without one lost its lessons
                told = con.execute("PRAGMA quick_check").fetchone()[0]
                if told != "ok":
                    raise self._damage(told)
                lessons = tuple(self._lesson(row) for row in con.execute(_SELECT))
                last = con.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'lessons'").fetchone()[0]
                return Kept(lessons, _revision(con), int(last or 0))
        except LessonsDamaged:
            raise
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damage(str(error)) from error

    def add(self, lesson: Lesson, revision: int) -> int:
        """Keep a lesson durably and give its number; the one that it came with is not looked at.

        Args:
            lesson: what to keep.
            revision: that of the lessons as they were read.

        Raises:
            LessonsDamaged: the file has another revision, or is gone; nothing was kept.
            MediumRefused: the disk does not take it; nothing was kept.
        """
        impression = lesson.impression
        blobs = (_bytes(impression.features), _bytes(impression.heat_map), lesson.picture)
        about = json.dumps(_about(lesson), sort_keys=True)
        insert = "INSERT INTO lessons (about, features, heat, picture, sum) VALUES (?, ?, ?, ?, ?)"
        number = self._changed(revision, insert, (about, *blobs, _sum(about, *blobs)))
        assert number is not None  # noqa: S101 - an INSERT has one
        return number

    def remove(self, number: int, revision: int) -> None:
        """Forget a lesson durably.

        Raises:
            LessonsDamaged: the file has another revision, or is gone; nothing was forgotten.
            MediumRefused: the disk does not take it; the lesson stays.
        """
        self._changed(revision, "DELETE FROM lessons WHERE n = ?", (number,))

    def begin(self, revision: int, number: int) -> None:
        """Make a file without lessons where there is none, which goes on with that revision and after that number.

        Raises:
            MediumRefused: the disk does not take it.
        """
        self._changed(0, "INSERT INTO sqlite_sequence (name, seq) VALUES ('lessons', ?)", (number,), revision)

    def set_aside(self) -> Path | None:
        """Move a damaged file out of the way, beside an older one; where it lies now, None where there was none.

        Raises:
            MediumRefused: the disk does not do it.
        """
        number = 1
        try:
            while (aside := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
                number += 1
            self._path.replace(aside)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(error) from error
        return aside

    def _is_there(self) -> bool:
        """Whether there is a file; one that cannot even be asked for raises OSError."""
        try:
            self._path.stat()
        except FileNotFoundError:
            return False
        return True

    def _changed(self, revision: int, command: str, values: tuple[Any, ...], becomes: int | None = None) -> int | None:
        """Change the file of that revision, 0 for a new one; the row that was written last."""
        try:
            make_folder(self._path.parent, "folder for lessons")
            if revision and not self._is_there():
                raise self._damage("no file any more")
            with closing(sqlite3.connect(self._path)) as con, con:
                con.execute("PRAGMA synchronous = EXTRA")
                con.execute("BEGIN IMMEDIATE")
                if (found := _revision(con)) != revision:
                    raise self._damage(f"those of revision {found} and not {revision}")
                con.execute(_TABLE)
                row = con.execute(command, values).lastrowid
                con.execute(f"PRAGMA user_version = {becomes or revision + 1}")
        except (sqlite3.OperationalError, OSError) as error:
            raise self._refused(error) from error
        except sqlite3.Error as error:
            raise self._damage(str(error)) from error
        return row

    def _lesson(self, row: tuple[int, str, bytes, bytes, bytes, str]) -> Lesson:
        number, about, features, heat, picture, kept = row
        # One bit of a record's header makes text of the same bytes something else.
        if tuple(type(value) for value in row) != _TYPES:
            raise self._damage("a lesson with a value of another type than was written")
        if _sum(about, features, heat, picture) != kept:
            raise self._damage(f"a checksum of lesson {number} that does not fit")
        told = json.loads(about)
        impression = Impression(
            features=np.frombuffer(features, "<f4"),
            heat_map=np.frombuffer(heat, "<f4").reshape(told["heat_shape"]),
            score=float(told["score"]),
            threshold=float(told["threshold"]),
            bundle=told["bundle"],
        )
        return Lesson(
            number=number,
            part=told["part"],
            kind=Kind(told["kind"]),
            impression=impression,
            picture=picture,
            at=told["at"],
            name=told["name"],
            address=told["address"],
        )

    def _damage(self, found: str) -> LessonsDamaged:
        return LessonsDamaged(f"wanted the lessons in {self._path}, found {found}")

    def _refused(self, error: Exception) -> MediumRefused:
        return MediumRefused(f"wanted to keep the lessons in {self._path}, found: {error}; nothing was changed")


def _revision(con: sqlite3.Connection) -> int:
    return int(con.execute("PRAGMA user_version").fetchone()[0])


def _about(lesson: Lesson) -> dict[str, Any]:
    return {
        "bundle": lesson.bundle,
        "part": lesson.part,
        "kind": lesson.kind.value,
        "score": lesson.impression.score,
        "threshold": lesson.impression.threshold,
        "heat_shape": lesson.impression.heat_map.shape,
        "at": lesson.at,
        "name": lesson.name,
        "address": lesson.address,
    }


def _bytes(values: Any) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()


def _sum(about: str, *blobs: bytes) -> str:
    return hashlib.sha256(b"\0".join((about.encode(), *blobs))).hexdigest()
