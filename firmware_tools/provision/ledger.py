"""Who is who: the CSV of every identity that was given to a chip, and the rule that no two chips have one.

A row is on the disk before the chip is touched: `claimed` reserves an identity for one chip, `done` says that all of it
was written and, but for secrets, read back, `failed` that it was not, `retired` that the chip has this identity no
more. A claim outlives a failure, because a chip may have taken its identity though its answer was lost. So a power cut
at any moment leaves a ledger that names every chip that can have an identity.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from edge_contracts.durable_folder import sync_folder
from edge_contracts.errors import BadInputError, OutageError, RefusedError
from firmware_tools.plain_file import require_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

State = Literal["claimed", "done", "failed", "retired"]
STATES = ("claimed", "done", "failed", "retired")


class IdentityTaken(RefusedError, ValueError):
    """Two chips would have one identity, or a chip two."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was done.

    time: UTC, ISO 8601. board: the chip's own id, from its hardware. keys: what was written, each with the
    beginning of its SHA-256 behind a colon, but for secrets. why: of a failure.
    """

    time: str
    id: str
    board: str
    state: State
    firmware: str = ""
    keys: str = ""
    why: str = ""

    @property
    def marks(self) -> dict[str, str]:
        """The beginning of each written value's SHA-256 by its key; empty for a secret, and in rows of before."""
        return {key: digest for key, _, digest in (one.partition(":") for one in self.keys.split())}


@dataclass(frozen=True, slots=True)
class Register:
    """What the rows say together.

    torn: a last row that is not whole, and does not count.
    """

    rows: tuple[Row, ...] = ()
    torn: str = ""

    def board_of(self, identity: str) -> str | None:
        """The chip that has or may have this identity."""
        return next(iter(self._held().get(identity, ())), None)

    def ids_of(self, board: str) -> tuple[str, ...]:
        """The identities that this chip has or may have: two while it is renamed, and after that failed."""
        return tuple(one for one, boards in self._held().items() if board in boards)

    def done_as(self, identity: str) -> Row | None:
        """The row that says that all went well, where that is the last that is known of an identity."""
        return next((row for row in self.done() if row.id == identity), None)

    def done(self) -> tuple[Row, ...]:
        """The stations that stand, each once, in the order of their ids."""
        held = self._held()
        last = {row.id: row for row in self.rows if row.board in held[row.id]}
        return tuple(last[one] for one in sorted(last) if last[one].state == "done")

    def shared(self) -> tuple[str, ...]:
        """The identities that several chips have, in words; none in a ledger that is sound."""
        return tuple(f"{one} ({', '.join(boards)})" for one, boards in self._held().items() if len(boards) > 1)

    def require_free(self, identity: str, board: str, on_chip: str | None, *, renames: bool = False) -> None:
        """Whether a chip may have an identity.

        Args:
            identity: the wanted one.
            board: the chip.
            on_chip: the identity that the chip itself holds, None where it holds none.
            renames: the chip may have another identity so far.

        Raises:
            IdentityTaken: it may not; with what to do instead.
        """
        if not board:
            raise IdentityTaken(
                "wanted a chip that says which it is, found an empty board id; its firmware must give its serial number"
            )
        holder = self.board_of(identity)
        if holder not in {None, board}:
            raise IdentityTaken(
                f"wanted {identity} for the chip {board}, found that {holder} has it; take another id, or, where that "
                f"chip is out of service, give --replaces {holder}"
            )
        others = [one for one in (*self.ids_of(board), on_chip) if one not in {None, identity}]
        if others and not renames:
            raise IdentityTaken(
                f"wanted to make the chip {board} {identity}, found that it is {others[0]}; take another chip, or give "
                "--rename"
            )

    def _held(self) -> dict[str, list[str]]:
        """The chips of each identity."""
        held: dict[str, list[str]] = {}
        for row in self.rows:
            boards = held.setdefault(row.id, [])
            if row.state == "retired" and row.board in boards:
                boards.remove(row.board)
            elif row.state != "retired" and row.board not in boards:
                boards.append(row.board)
        return held


class Ledger:
    """The file, held by this process alone while it is open.

    Args:
        path: made where it is not there.

    Raises:
        BadInputError: the file is no ledger.
        OutageError: another process has it open.
    """

    def __init__(self, path: Path) -> None:
        require_plain(path, "a ledger")
        self._path = path
        is_new = not path.exists()
        self._file = path.open("a+b", buffering=0)
        try:
            self._lock()
            self._file.seek(0)
            content = self._file.read()
            self.register = _register(content, path)
            self._mend_end(content)
            if not self._file.seek(0, os.SEEK_END):
                self._begin()
        except BaseException:
            self._file.close()
            raise
        if is_new:
            sync_folder(path.resolve().parent)

    def append(self, row: Row) -> None:
        """Add a row; once this returns it outlives a power cut."""
        self._write([" ".join(str(one).split()) for one in astuple(row)])
        self.register = replace(self.register, rows=(*self.register.rows, row))

    def close(self) -> None:
        """Let others have it."""
        self._file.close()

    def __enter__(self) -> Ledger:  # noqa: PYI034 - typing.Self is not in Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, values: Sequence[str]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\n").writerow(values)
        self._put(line.getvalue().encode())

    def _put(self, data: bytes) -> None:
        """Add bytes, all or none, and have them on the disk."""
        before = self._file.seek(0, os.SEEK_END)
        try:
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)
            raise OSError(error.errno, error.strerror, str(self._path)) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutageError(
                f"wanted the ledger {self._path}, found it in use by another program; wait for it"
            ) from error

    def _begin(self) -> None:
        try:
            self._write([one.name for one in fields(Row)])
        except OSError:
            self._path.unlink(missing_ok=True)
            raise

    def _mend_end(self, content: bytes) -> None:
        """End the last line; remove a torn one: power went while it was written, and nothing was done under it."""
        if self.register.torn:
            self._file.truncate(content.rfind(b"\n") + 1)
        elif content and not content.endswith(b"\n"):
            self._put(b"\n")


def read_register(path: Path) -> Register:
    """What a ledger says, without holding it.

    Raises:
        BadInputError: there is none, or the file is none.
    """
    if not path.is_file():
        raise BadInputError(f"wanted a ledger of 'lepton firmware provision', found none at {path}; check the path")
    return _register(path.read_bytes(), path)


def _register(content: bytes, path: Path) -> Register:
    """What a file says; its last line counts without its end, too, where it has every column."""
    try:
        register = Register(_parsed(content, path))
    except BadInputError:
        whole, end, torn = content.rpartition(b"\n")
        names = ",".join(one.name for one in fields(Row)).encode()
        if not torn or not (end or names.startswith(torn)):
            raise
        register = Register(_parsed(whole + end, path), torn.decode("utf-8", "replace"))
    if shared := register.shared():
        raise BadInputError(
            f"wanted one chip for each id in {path}, found several for {'; '.join(shared)}; look which of them is to "
            "keep it, give the other another id, and add a row 'retired' for it"
        )
    return register


def _parsed(content: bytes, path: Path) -> tuple[Row, ...]:
    names = [one.name for one in fields(Row)]
    try:
        lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"wanted a ledger in {path}, found {error}; give another file") from error
    if lines and lines[0] != names:
        raise BadInputError(
            f"wanted a ledger with the columns {', '.join(names)} in {path}, found {', '.join(lines[0])[:80]}; give "
            "another file"
        )
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(names) or line[3] not in STATES:
            raise BadInputError(
                f"wanted {len(names)} columns and a known state in line {number} of {path}, found {line}"
            )
    return tuple(Row(*line) for line in lines[1:])  # type: ignore[arg-type] # the state is one of STATES
