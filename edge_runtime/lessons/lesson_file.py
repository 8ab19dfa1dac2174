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
_SELECT: Final = "SELECT n, about, features, heat, picture, sum FROM lessons ORDER BY n"


class LessonsDamaged(LeptonError, ValueError):
    """The file does not give back what was kept in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds. revision: rises with every change, also where one was taken back."""

    lessons: tuple[Lesson, ...]
    revision: int


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
        if not self._path.exists():
            return Kept((), 0)
        try:
            with closing(sqlite3.connect(self._path)) as con:  # makes no table: a file without one lost its lessons
                told = con.execute("PRAGMA quick_check").fetchone()[0]
                if told != "ok":
                    raise LessonsDamaged(self._damage(told))
                lessons = tuple(self._lesson(row) for row in con.execute(_SELECT))
                return Kept(lessons, con.execute("PRAGMA user_version").fetchone()[0])
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            if isinstance(error, LessonsDamaged):
                raise
            raise LessonsDamaged(self._damage(str(error))) from error

    def add(self, lesson: Lesson) -> int:
        """Keep a lesson durably and give its number; the one that it came with is not looked at.

        Raises:
            MediumRefused: the disk does not take it; nothing was kept.
        """
        impression = lesson.impression
        blobs = (_bytes(impression.features), _bytes(impression.heat_map), lesson.picture)
        about = json.dumps(_about(lesson), sort_keys=True)
        insert = "INSERT INTO lessons (about, features, heat, picture, sum) VALUES (?, ?, ?, ?, ?)"
        try:
            make_folder(self._path.parent, "folder for lessons")
            with closing(self._opened()) as con, con:
                number = con.execute(insert, (about, *blobs, _sum(about, *blobs))).lastrowid
                self._count_change(con)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error
        assert number is not None  # noqa: S101 - an INSERT has one
        return number

    def remove(self, number: int) -> None:
        """Forget a lesson durably.

        Raises:
            MediumRefused: the disk does not take it; the lesson stays.
        """
        try:
            with closing(self._opened()) as con, con:
                con.execute("DELETE FROM lessons WHERE n = ?", (number,))
                self._count_change(con)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def set_aside(self) -> Path:
        """Move a damaged file out of the way, beside an older one; where it lies now.

        Raises:
            MediumRefused: the disk does not do it.
        """
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
            number += 1
        try:
            self._path.replace(aside)
        except OSError as error:
            raise self._refused(error) from error
        return aside

    def _opened(self) -> sqlite3.Connection:
        con = sqlite3.connect(self._path)
        try:
            con.execute("PRAGMA synchronous = EXTRA")
            con.execute(_TABLE)
        except sqlite3.Error:
            con.close()
            raise
        return con

    @staticmethod
    def _count_change(con: sqlite3.Connection) -> None:
        revision = con.execute("PRAGMA user_version").fetchone()[0]
        con.execute(f"PRAGMA user_version = {revision + 1}")

    def _lesson(self, row: tuple[int, str, bytes, bytes, bytes, str]) -> Lesson:
        number, about, features, heat, picture, kept = row
        if _sum(about, features, heat, picture) != kept:
            raise LessonsDamaged(self._damage(f"a checksum of lesson {number} that does not fit"))
        told = json.loads(about)
        impression = Impression(
            features=np.frombuffer(features, "<f4"),
            heat_map=np.frombuffer(heat, "<f4").reshape(told["heat_shape"]),
            score=float(told["score"]),
            threshold=float(told["threshold"]),
        )
        return Lesson(
            number=number,
            bundle=told["bundle"],
            part=told["part"],
            kind=Kind(told["kind"]),
            impression=impression,
            picture=picture,
            at=told["at"],
            name=told["name"],
            address=told["address"],
        )

    def _damage(self, found: str) -> str:
        return (
            f"wanted the lessons in {self._path}, found {found}; the bundle judges without them until they are begun "
            "anew on the page or the file is put back"
        )

    def _refused(self, error: Exception) -> MediumRefused:
        return MediumRefused(f"wanted to keep the lessons in {self._path}, found: {error}; nothing was changed")


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
