"""The manager's SQLite file: tables and durability.

`places` holds every sequence that arrived, whatever it was: it makes rows unique on (device, epoch, seq) and is what
contiguity is counted on. `alerts` carries the full JSON as received beside its columns.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x4C504654
"""'LPFT': marks the file as a fleet manager's store."""
_TABLES: Final = (
    "CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), client_id TEXT NOT NULL)",
    """CREATE TABLE devices (
        address TEXT PRIMARY KEY, epoch TEXT NOT NULL, ack TEXT NOT NULL, version TEXT NOT NULL, birth TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE places (
        address TEXT, epoch TEXT, seq INTEGER, event_id TEXT NOT NULL,
        PRIMARY KEY (address, epoch, seq)
    ) WITHOUT ROWID""",
    """CREATE TABLE alerts (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL,
        time TEXT NOT NULL, point TEXT NOT NULL, part TEXT NOT NULL, outcome TEXT NOT NULL, cause TEXT NOT NULL,
        severity TEXT NOT NULL, count INTEGER NOT NULL, stored_unix_ms INTEGER NOT NULL, body TEXT NOT NULL,
        UNIQUE (address, epoch, seq))""",
    """CREATE TABLE gaps (
        address TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL,
        stored_unix_ms INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (address, epoch, seq)
    ) WITHOUT ROWID""",
    """CREATE TABLE gap_ranges (
        address TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, why TEXT NOT NULL
    )""",
    "CREATE INDEX gap_ranges_by_end ON gap_ranges (address, epoch, last)",
    """CREATE TABLE refused (
        topic TEXT NOT NULL, event_id TEXT NOT NULL, address TEXT NOT NULL, epoch TEXT, seq INTEGER, why TEXT NOT NULL,
        times INTEGER NOT NULL, stored_unix_ms INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (topic, event_id))""",
    """CREATE TABLE progress (
        address TEXT, epoch TEXT, through INTEGER NOT NULL, PRIMARY KEY (address, epoch)
    ) WITHOUT ROWID""",
)


def open_store(path: Path) -> sqlite3.Connection:
    """Open the store, making it if the file is new; a commit is on the medium when it returns.

    Raises:
        BadInputError: the file is no store of ours, or cannot be opened.
    """
    try:
        con = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    except sqlite3.OperationalError as err:
        raise BadInputError(f"wanted a store at {path}, found {err}: does the folder exist?") from err
    try:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = FULL")
        _prepare(con, path)
    except sqlite3.DatabaseError as err:
        con.close()
        raise BadInputError(f"wanted a store at {path}, found {err}: name another file") from err
    except BadInputError:
        con.close()
        raise
    return con


def _prepare(con: sqlite3.Connection, path: Path) -> None:
    con.execute("BEGIN IMMEDIATE")
    version = con.execute("PRAGMA user_version").fetchone()[0]
    mark = con.execute("PRAGMA application_id").fetchone()[0]
    tables = con.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        for statement in _TABLES:
            con.execute(statement)
        con.execute("INSERT INTO identity VALUES (1, ?)", (f"lepton-listen-{secrets.token_hex(8)}",))
        con.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        con.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif (version, mark) != (SCHEMA_VERSION, APPLICATION_ID):
        con.execute("ROLLBACK")
        raise BadInputError(f"wanted a store of version {SCHEMA_VERSION}, found another in {path}: name a new file")
    con.execute("COMMIT")
