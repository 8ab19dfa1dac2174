"""The ids of commands that were taken, with their answers: on the disk before anything is done, so that none is twice.

The last 1,000 are kept. An id without an answer belongs to a command during which the daemon ended.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = 1000
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS taken (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, answer TEXT)"
)


class DoneBefore:
    """A small SQLite file; used by one thread, opened for each use: commands are rare.

    Args:
        path: of the file; its folder is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, command_id: str) -> bool:
        """Keep an id durably; False when it was kept before.

        Raises:
            MediumRefused: the disk takes nothing, so nothing may be done.
        """
        try:
            with closing(self._opened()) as con, con:
                is_new = con.execute("INSERT OR IGNORE INTO taken (id) VALUES (?)", (command_id,)).rowcount == 1
                con.execute("DELETE FROM taken WHERE n <= (SELECT max(n) FROM taken) - ?", (KEPT,))
        except sqlite3.Error as error:
            raise self._refused(error) from error
        return is_new

    def keep_answer(self, command_id: str, answer: str) -> None:
        """Keep what was answered.

        Raises:
            MediumRefused: the disk takes nothing.
        """
        try:
            with closing(self._opened()) as con, con:
                con.execute("UPDATE taken SET answer = ? WHERE id = ?", (answer, command_id))
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def answer(self, command_id: str) -> str | None:
        """What was answered; None where the daemon ended before it could.

        Raises:
            MediumRefused: the disk gives nothing.
        """
        try:
            with closing(self._opened()) as con:
                row = con.execute("SELECT answer FROM taken WHERE id = ?", (command_id,)).fetchone()
        except sqlite3.Error as error:
            raise self._refused(error) from error
        return None if row is None else row[0]

    def _opened(self) -> sqlite3.Connection:
        con = sqlite3.connect(self._path)
        try:
            con.execute("PRAGMA synchronous = EXTRA")
            con.execute(_TABLE)
        except sqlite3.Error:
            con.close()
            raise
        return con

    def _refused(self, error: sqlite3.Error) -> MediumRefused:
        return MediumRefused(
            f"wanted to keep the ids of commands in {self._path}, found: {error}; free some disk, or remove the file "
            "if it is damaged"
        )
