"""The audit log as a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.pages.wording import moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet_manager.people.audit_chain import Entry

AUDIT_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry."""

    seq: int
    time: datetime
    who: str
    action: str
    object: str
    detail: str
    site: str
    result: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The page; `older` is where the next one is, empty where nothing is older."""

    entries: tuple[AuditLine, ...]
    older: str


def audit_page(entries: Sequence[Entry]) -> AuditPage:
    """Entries, newest first, at most a page of them."""
    is_full = len(entries) == AUDIT_PAGE
    return AuditPage(tuple(_line(one) for one in entries), f"/audit?before={entries[-1].seq}" if is_full else "")


def _line(one: Entry) -> AuditLine:
    who = f"{one.name} (token)" if one.kind == "token" else one.name
    site = "all" if one.site == "*" else one.site
    return AuditLine(one.seq, moment_of(one.at_ms), who, one.action, one.object, one.detail, site, one.result)
