"""The audit log: who did what, on what, when, with which result; only ever appended to.

An act and its entry are one transaction: neither is there without the other. Acts run one after the other: the first
statement of each is an UPDATE of the head's single row, which takes SQLite's write lock or PostgreSQL's lock of that
row and keeps it until the commit. So the number and the former digest of an entry are those that the last commit left,
whatever else runs, and what an act reads before it writes cannot change meanwhile by another act.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, true, update

from edge_contracts.errors import RefusedError
from fleet_manager.people.audit_chain import TEXT_CHARACTERS, Break, Entry, Head, Result, first_break
from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.roles import EVERYWHERE, check_site
from fleet_manager.people.tables import audit_entries, audit_head
from fleet_manager.store.database import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import Connection, Engine, RowMapping

    from fleet_manager.people.principal import Principal

LONGEST_PAGE: Final = 500
_READ_AT_ONCE: Final = 1_000
_NO_HEAD: Final = "the log's head is gone: somebody emptied the table audit_head"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the whole log found: its end, and where it is broken, if it is."""

    head: Head
    broken: Break | None

    def sentence(self) -> str:
        """For people."""
        if self.broken is None:
            return f"the audit log holds: {self.head.seq} entries, head {self.head.digest}"
        return f"the audit log is broken at entry {self.broken.seq}: {self.broken.why}"


class AuditLog:
    """The log in the manager's database.

    Args:
        engine: the database, migrated.
        unix_ms: the wall clock.
    """

    def __init__(self, engine: Engine, unix_ms: Callable[[], int]) -> None:
        self._engine, self._unix_ms = engine, unix_ms

    @contextmanager
    def act(
        self, who: Principal, action: str, on: str, site: str = EVERYWHERE, detail: str = ""
    ) -> Iterator[Connection]:
        """One transaction for what somebody does and the entry that says so.

        Whatever is raised inside undoes all of it; `NotAllowed` is then written down as refused and raised again.
        Nothing slow belongs inside, because all other acts wait, and no other act: it would wait for this one.

        Args:
            who: the doer.
            action: a few words, such as `change grants`.
            on: the object, such as `account:anna`.
            site: where; `*` where it concerns all.
            detail: more of it, for people.

        Raises:
            BadInputError: a text is too long or unprintable.
            NotAllowed: from inside.
        """
        draft = _draft(who, action, on, site, Result.DONE, detail)
        try:
            with writing(self._engine) as con:
                former = _take_turn(con)
                yield con
                self._append(con, former, draft)
        except NotAllowed as err:
            self.refused(who, action, on, site, str(err)[:TEXT_CHARACTERS])
            raise

    def refused(self, who: Principal, action: str, on: str, site: str = EVERYWHERE, detail: str = "") -> None:
        """Write down that somebody was not let do something.

        Raises:
            BadInputError: a text is too long or unprintable.
        """
        draft = _draft(who, action, on, site, Result.REFUSED, detail)
        with writing(self._engine) as con:
            self._append(con, _take_turn(con), draft)

    def head(self) -> Head:
        """The end of the chain; `str` of it is what to keep elsewhere."""
        with self._engine.connect() as con:
            return _read_head(con)

    def verify(self, known: Head | None = None) -> Verified:
        """Walk over the whole log, as it stands at one moment; `known` is an end that was exported earlier."""
        # One statement, so that entries and head are of one moment on both databases; one row where there are none.
        of_head = (audit_head.c.seq.label("head_seq"), audit_head.c.digest.label("head_digest"))
        query = select(*of_head, audit_entries).select_from(audit_head.outerjoin(audit_entries, true()))
        query = query.order_by(audit_entries.c.seq).execution_options(yield_per=_READ_AT_ONCE)
        with self._engine.connect() as con, con.execute(query) as found:
            rows = iter(found.mappings())
            first = next(rows, None)
            if first is None:
                return Verified(Head(), Break(0, _NO_HEAD))
            head = Head(first["head_seq"], first["head_digest"])
            kept = ((_entry(row), row["digest"]) for row in chain([first], rows) if row["seq"] is not None)
            return Verified(head, first_break(kept, head, known))

    def page(self, sites: Collection[str], below: int | None = None, limit: int = 100) -> list[Entry]:
        """The newest entries first.

        Args:
            sites: the sites of whose entries may be seen, as `roles.permitted_sites` gives them.
            below: only entries with a lower number; None for the newest.
            limit: at most this many, and at most 500.
        """
        query = select(audit_entries).order_by(audit_entries.c.seq.desc()).limit(min(limit, LONGEST_PAGE))
        if EVERYWHERE not in sites:
            query = query.where(audit_entries.c.site.in_(sorted(sites)))
        if below is not None:
            query = query.where(audit_entries.c.seq < below)
        with self._engine.connect() as con:
            return [_entry(row) for row in con.execute(query).mappings()]

    def _append(self, con: Connection, former: Head, draft: Entry) -> None:
        entry = replace(draft, seq=former.seq + 1, at_ms=self._unix_ms(), former=former.digest)
        con.execute(audit_entries.insert().values(**asdict(entry), digest=entry.digest()))
        con.execute(update(audit_head).values(seq=entry.seq, digest=entry.digest()))


def _draft(who: Principal, action: str, on: str, site: str, result: Result, detail: str) -> Entry:
    """An entry that has no place yet."""
    check_site(site)
    draft = Entry(0, 0, who.kind.value, who.name, action, on, site, result.value, detail, "")
    draft.check()
    return draft


def _take_turn(con: Connection) -> Head:
    """Wait until no other act runs, and keep others out until this transaction ends."""
    con.execute(update(audit_head).values(one=audit_head.c.one))
    return _read_head(con)


def _read_head(con: Connection) -> Head:
    row = con.execute(select(audit_head.c.seq, audit_head.c.digest)).one_or_none()
    if row is None:
        raise RefusedError(f"wanted the audit log, found that {_NO_HEAD}; restore the database from a backup")
    return Head(row.seq, row.digest)


def _entry(row: RowMapping) -> Entry:
    return Entry(**{field.name: row[field.name] for field in fields(Entry)})
