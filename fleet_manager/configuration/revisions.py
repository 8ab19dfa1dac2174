"""Revisions of a device's configuration: checked before they are kept, counted up, never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from edge_contracts.configuration import Reported
from edge_contracts.errors import BadInputError, RefusedError
from edge_contracts.station.remote_text import problems_of
from edge_contracts.topics import DeviceAddress
from fleet_manager.store.configurations import configurations, reported

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

LONGEST_NOTE: Final = 200


class ConfigurationRefused(BadInputError):
    """The text is no configuration of that device.

    Attributes:
        problems: every mistake, one sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        listed = "\n  ".join(problems)
        super().__init__(f"wanted a usable configuration, found:\n  {listed}")
        self.problems = tuple(problems)


class SomebodyWasQuicker(RefusedError):
    """There is a newer revision than the one that was seen; look again.

    Attributes:
        latest: its number.
    """

    def __init__(self, latest: int) -> None:
        super().__init__(f"wanted to follow the revision that you saw, found that {latest} is the latest: look again")
        self.latest = latest


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants a device to be.

    after: the latest revision that they saw, 0 for none.
    """

    address: str
    text: str
    note: str
    after: int

    @property
    def site(self) -> str:
        """`org/site`."""
        return self.address.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class KeptRevision:
    """One revision; `sent_ms` is None while no broker had it."""

    id: int
    address: str
    site: str
    revision: int
    hash: str
    text: str
    note: str
    who: str
    made_ms: int
    sent_ms: int | None


def check_draft(draft: Draft) -> None:
    """Go on only with what the station's own model takes.

    Raises:
        ConfigurationRefused: lists every mistake.
    """
    problems = problems_of(draft.text, DeviceAddress(*draft.address.split("/")))
    if len(draft.note) > LONGEST_NOTE or not (draft.note.isprintable()):
        problems.append(f"note: wanted one line of at most {LONGEST_NOTE} characters")
    if problems:
        raise ConfigurationRefused(problems)


def keep_draft(con: Connection, draft: Draft, who: str, now_ms: int) -> int:
    """Keep a draft that was checked as the next revision; its number.

    It is above whatever the device was told of before, so that a manager that was restored from a backup is obeyed.

    Raises:
        SomebodyWasQuicker: there is a newer one than was seen.
    """
    latest = latest_number(con, draft.address)
    if latest != draft.after:
        raise SomebodyWasQuicker(latest)
    said = read_reported(con, draft.address)
    heard = 0 if said is None else max(said.revision, said.heard or 0)
    number = max(latest, heard) + 1
    row = {
        "address": draft.address,
        "site": draft.site,
        "revision": number,
        "hash": hashlib.sha256(draft.text.encode()).hexdigest(),
        "text": draft.text,
        "note": draft.note,
        "who": who,
        "made_ms": now_ms,
    }
    con.execute(insert(configurations).values(row))
    return number


def latest_number(con: Connection, address: str) -> int:
    """The latest revision of a device; 0 where there is none."""
    query = select(func.max(configurations.c.revision)).where(configurations.c.address == address)
    return int(con.execute(query).scalar() or 0)


def find_revision(con: Connection, address: str, number: int) -> KeptRevision | None:
    """One revision; None where there is none."""
    query = select(configurations).where(configurations.c.address == address, configurations.c.revision == number)
    row = con.execute(query).mappings().first()
    return None if row is None else _kept(row)


def list_revisions(con: Connection, address: str, before: int | None = None, limit: int = 20) -> list[KeptRevision]:
    """Those of one device, newest first; only below `before`."""
    query = select(configurations).where(configurations.c.address == address)
    if before is not None:
        query = query.where(configurations.c.revision < before)
    found = con.execute(query.order_by(configurations.c.revision.desc()).limit(limit)).mappings()
    return [_kept(row) for row in found]


def read_reported(con: Connection, address: str) -> Reported | None:
    """What the device said last; None where it said nothing."""
    body = con.execute(select(reported.c.body).where(reported.c.address == address)).scalar()
    return None if body is None else Reported.model_validate_json(body)


def unsent_revisions(con: Connection, limit: int) -> list[KeptRevision]:
    """The latest of each device of those that no broker had yet, oldest first."""
    latest = _latest()
    query = select(configurations).join(latest, configurations.c.id == latest.c.id)
    query = query.where(configurations.c.sent_ms.is_(None)).order_by(configurations.c.id).limit(limit)
    return [_kept(row) for row in con.execute(query).mappings()]


def latest_revisions(con: Connection, after: str, limit: int) -> list[KeptRevision]:
    """The latest of each device whose address is behind `after`, in the order of the addresses."""
    latest = _latest()
    query = select(configurations).join(latest, configurations.c.id == latest.c.id)
    query = query.where(configurations.c.address > after).order_by(configurations.c.address).limit(limit)
    return [_kept(row) for row in con.execute(query).mappings()]


def note_sent(con: Connection, numbers: Collection[int], now_ms: int) -> None:
    """The broker has them."""
    is_one = configurations.c.id.in_(sorted(numbers))
    con.execute(update(configurations).where(is_one, configurations.c.sent_ms.is_(None)).values(sent_ms=now_ms))


def _latest() -> Any:
    return select(func.max(configurations.c.id).label("id")).group_by(configurations.c.address).subquery()


def _kept(row: Mapping[Any, Any]) -> KeptRevision:
    return KeptRevision(**{str(name): value for name, value in row.items()})
