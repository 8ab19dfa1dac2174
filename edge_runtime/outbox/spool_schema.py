"""The spool's SQLite file: how it is opened, made, found damaged and set aside.

Write-ahead log, `synchronous=FULL` (a commit is on the medium when it returns), exclusive lock (one daemon, one spool).
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.durable_folder import sync_folder
from edge_runtime.outbox.spool_errors import SpoolBeingRead, SpoolDamaged, SpoolInUse, SpoolRefused
from edge_runtime.outbox.spool_policy import FRAME_BYTES, PAGE_BYTES, SpoolLimits
from edge_runtime.outbox.spool_tables import GAPS_TABLE, TABLE_OF, create_rows
from edge_runtime.outbox.spool_upgrade import LEFT_TO_MOVE, begin_upgrade, finish_upgrade

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION: Final = 2
KEPT_ASIDE: Final = 2
"""Damaged files beside the spool."""
CACHE_KB: Final = 256
"""Of pages in memory between transactions; a large transaction takes what it needs."""
_LIFE: Final = """CREATE TABLE life (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    freed_through INTEGER NOT NULL,
    session INTEGER NOT NULL)"""


@dataclass(slots=True)
class Life:
    """The one row of `life` and sums over `rows`.

    last_seq: highest sequence ever given. freed_through: everything up to it is acknowledged.
    session: connections tried.
    rows, used: number of rows and the bytes that they are charged with. gap_bytes: of these, the gaps'.
    owed, owed_minutes: alerts and minutes that were refused and have no place in a gap yet; they stand in the note
        beside the spool alone.
    """

    epoch: str
    last_seq: int = 0
    freed_through: int = 0
    session: int = 0
    rows: int = 0
    used: int = 0
    owed: int = 0
    owed_minutes: int = 0
    gap_bytes: int = 0

    def leave(self, rows: int, charged: int, *, is_gap: bool = False) -> None:
        """So many rows with such a charge are gone; fewer than none came."""
        self.rows -= rows
        self.used -= charged
        self.gap_bytes -= charged if is_gap else 0


def connect(path: Path, limits: SpoolLimits) -> sqlite3.Connection:
    """Open the file for this process alone, checked page by page.

    Raises:
        SpoolInUse: another process holds it.
        SpoolBeingRead: another process reads it.
        SpoolDamaged: it is no spool of ours, or SQLite finds it malformed.
        SpoolRefused: the medium cannot be read or written; a file that was not there is not left behind.
    """
    is_new = not path.exists()
    try:
        con = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
    except sqlite3.OperationalError as err:
        raise SpoolRefused(f"wanted a spool at {path}, found {err}: is the folder there and writable?") from err
    try:
        _set_up(con, limits)
        _check(con, path)
        _bring_up_to_date(con, limits)
    except sqlite3.OperationalError as err:
        con.close()
        if "locked" in str(err):
            raise _in_use(path) from err
        if is_new:
            discard(path)
        raise SpoolRefused(f"wanted a writable spool at {path}, found {err}: check the disk") from err
    except sqlite3.DatabaseError as err:
        con.close()
        raise SpoolDamaged(f"wanted a spool at {path}, found {err}") from err
    except SpoolDamaged:
        con.close()
        raise
    return con


def create_life(con: sqlite3.Connection, epoch: str) -> None:
    """Make the tables and the first row, durably, if this file is new."""
    con.execute("BEGIN IMMEDIATE")
    con.execute(_LIFE)
    create_rows(con)
    con.execute("INSERT INTO life VALUES (1, ?, 0, 0, 0)", (epoch,))
    con.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    con.execute("COMMIT")


def discard(path: Path) -> None:
    """Remove a closed file that holds no life yet, and its log."""
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)


def load_life(con: sqlite3.Connection) -> Life | None:
    """The spool's life; None when the file is new."""
    if con.execute("PRAGMA user_version").fetchone()[0] == 0:
        return None
    epoch, last_seq, freed, session = con.execute("SELECT epoch, last_seq, freed_through, session FROM life").fetchone()
    rows, used = con.execute("SELECT count(*), coalesce(sum(charge), 0) FROM rows").fetchone()
    gap_bytes = con.execute(f"SELECT coalesce(sum(charge), 0) FROM {GAPS_TABLE}").fetchone()[0]
    return Life(epoch, last_seq, freed, session, rows, used, gap_bytes=gap_bytes)


def set_aside(path: Path, name: str) -> Path:
    """Rename the file and its log, so that a person can look at them; says where to. The two that broke last stay."""
    aside = path.with_name(f"{path.name}.damaged-{name}")
    path.replace(aside)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.replace(aside.with_name(f"{aside.name}-wal"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    _forget_older(path)
    sync_folder(path.parent)
    return aside


def _forget_older(path: Path) -> None:
    """A card that breaks one spool after another must not be filled by them."""
    files = [file for file in path.parent.glob(f"{path.name}.damaged-*") if not file.name.endswith("-wal")]
    for file in sorted(files, key=lambda one: one.stat().st_mtime_ns)[:-KEPT_ASIDE]:
        file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
        file.unlink()


def remnants(path: Path) -> Life | None:
    """What a damaged file still says of its life; None when it says nothing."""
    con = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=1.0)
    with contextlib.closing(con):
        try:
            row = con.execute("SELECT epoch, last_seq, freed_through, session FROM life").fetchone()
        except sqlite3.Error:
            return None
    return Life(*row) if row and is_plausible(*row) else None


def is_plausible(epoch: object, *numbers: object) -> bool:
    """Whether these can be an epoch and sequences or counters of a life."""
    return isinstance(epoch, str) and len(epoch) == 16 and all(isinstance(n, int) and n >= 0 for n in numbers)  # noqa: PLR2004


def _in_use(path: Path) -> SpoolInUse:
    """A daemon lets nobody read; whoever lets us read holds it for a moment only."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=1.0)) as con:
        try:
            con.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            return SpoolInUse(
                f"wanted the spool {path} alone, found it held: is another daemon running? End it, or give this one a "
                "state_folder of its own"
            )
    return SpoolBeingRead(
        f"wanted the spool {path} alone, found another program reading it, as a backup or a database shell does: end "
        "it or let it end, and start again"
    )


def _set_up(con: sqlite3.Connection, limits: SpoolLimits) -> None:
    con.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    con.execute("PRAGMA locking_mode = EXCLUSIVE")
    con.execute("PRAGMA journal_mode = WAL")
    con.execute("PRAGMA synchronous = FULL")
    con.execute(f"PRAGMA wal_autocheckpoint = {limits.log_pages}")
    # A queue is read and written at its ends; SQLite's 2 MB would be kept for good after the first long outage.
    con.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    # A page that a transaction touches twice would stand in the log twice.
    con.execute("PRAGMA cache_spill = OFF")


def _check(con: sqlite3.Connection, path: Path) -> None:
    answer = con.execute("PRAGMA quick_check(1)").fetchone()[0]
    version = con.execute("PRAGMA user_version").fetchone()[0]
    if answer != "ok":
        raise SpoolDamaged(f"wanted a sound spool at {path}, found {answer}")
    tables = _tables(con)
    wanted = {0: set[str](), 1: {"life", "rows"}, SCHEMA_VERSION: {"life", *TABLE_OF.values()}}
    if tables - {LEFT_TO_MOVE} != wanted.get(version):
        raise SpoolDamaged(
            f"wanted a spool of version {SCHEMA_VERSION} at {path}, found {version} with {sorted(tables)}"
        )
    if version and con.execute("SELECT count(*) FROM life").fetchone()[0] != 1:
        raise SpoolDamaged(f"wanted one life in the spool {path}, found none")


def _bring_up_to_date(con: sqlite3.Connection, limits: SpoolLimits) -> None:
    if con.execute("PRAGMA user_version").fetchone()[0] == 1:
        begin_upgrade(con)
    if LEFT_TO_MOVE in _tables(con):
        # On a full disk there is room for the reserve's bytes. What a step moves stands in one table or the other.
        con.execute(f"PRAGMA wal_autocheckpoint = {max(1, limits.reserve // FRAME_BYTES // 4)}")
        con.execute("PRAGMA synchronous = NORMAL")
        finish_upgrade(con, max(1, limits.reserve // FRAME_BYTES // 16))
        _set_up(con, limits)


def _tables(con: sqlite3.Connection) -> set[str]:
    return {name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
