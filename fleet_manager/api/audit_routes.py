"""The audit log: a page of it, and the proof that nothing of it was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query

from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Before, Document, Limit, moment
from fleet_manager.people.audit_chain import Head
from fleet_manager.people.roles import Permission

_HEAD: Final = r"^[0-9]{1,18} [0-9a-f]{64}$"


class AuditEntry(Document):
    """Who did what, on what, where, with which result."""

    seq: int
    at: datetime
    kind: str
    name: str
    action: str
    object: str
    site: str
    result: str
    detail: str
    former: str


class AuditPage(Document):
    """Entries, newest first; `next` is the next page's `before`."""

    items: list[AuditEntry]
    next: int | None


class AuditVerified(Document):
    """What a walk over the whole log found.

    `head` is worth keeping elsewhere: given as `known` later, it proves that nothing before it changed. `broken_at` is
    the first entry that does not hold, null where all do.
    """

    entries: int
    head: str
    holds: bool
    broken_at: int | None
    why: str
    sentence: str


@needs(Permission.SEE_AUDIT)
def list_entries(caller: CallerNow, services: ServicesNow, before: Before = None, limit: Limit = 100) -> AuditPage:
    """What people and programs did at the caller's sites, newest first."""
    found = services.people.audit.page(caller.sites, before, limit)
    items = [
        AuditEntry(
            seq=one.seq,
            at=moment(one.at_ms),
            kind=one.kind,
            name=one.name,
            action=one.action,
            object=one.object,
            site=one.site,
            result=one.result,
            detail=one.detail,
            former=one.former,
        )
        for one in found
    ]
    return AuditPage(items=items, next=items[-1].seq if len(items) == limit else None)


@needs(Permission.SEE_AUDIT)
def verify(
    caller: CallerNow,
    services: ServicesNow,
    known: Annotated[str | None, Query(pattern=_HEAD, description="A `head` that was kept elsewhere.")] = None,
) -> AuditVerified:
    """Walk over the whole log; for those who may see all of it."""
    caller.check_everywhere()
    found = services.people.audit.verify(None if known is None else Head.from_text(known))
    return AuditVerified(
        entries=found.head.seq,
        head=str(found.head),
        holds=found.broken is None,
        broken_at=None if found.broken is None else found.broken.seq,
        why="" if found.broken is None else found.broken.why,
        sentence=found.sentence(),
    )


def audit_routes() -> APIRouter:
    """`/audit` and `/audit/verify`."""
    routes = guarded_router("audit")
    routes.get("/audit")(list_entries)
    routes.get("/audit/verify")(verify)
    return routes
