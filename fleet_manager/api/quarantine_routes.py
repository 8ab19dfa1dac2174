"""The quarantine: messages that were refused, and kept with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query

from edge_contracts.errors import BadInputError
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import MALFORMED
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Document, Limit, SiteQuery, moment, site_tuple
from fleet_manager.people.roles import Permission
from fleet_manager.store.quarantine import PAGE, Mark, RefusedMessage, quarantine

_CURSOR: Final = r"^[0-9]{1,16}\.[^.]+\."


class RefusedDocument(Document):
    """A message that was refused.

    `address` is empty where its topic names no device; `epoch` and `seq` are the place that it took, if it has one.
    `first` is when it came first, `times` how often it came. `text` is the beginning of its `bytes`.
    """

    topic: str
    address: str
    epoch: str | None
    seq: int | None
    why: str
    first: datetime
    times: int
    bytes: int
    text: str


class QuarantinePage(Document):
    """Messages, the newest first; `next` is the next page's `before`."""

    items: list[RefusedDocument]
    next: str | None


@needs(Permission.SEE_ALERTS)
def show_quarantine(
    caller: CallerNow,
    services: ServicesNow,
    site: SiteQuery = None,
    before: Annotated[str | None, Query(pattern=_CURSOR, description="`next` of the page before.")] = None,
    limit: Limit = PAGE,
) -> QuarantinePage:
    """Messages that were refused and kept, the newest first; those that name no device if all sites are seen."""
    with services.engine.connect() as con:
        found = quarantine(con, site_tuple(caller.sites_of(site)), _mark(before), limit)
    following = None if found.older is None else str(found.older)
    return QuarantinePage(items=[_document(one) for one in found.messages], next=following)


def quarantine_routes() -> APIRouter:
    """`/quarantine`."""
    routes = guarded_router("quarantine")
    routes.get("/quarantine")(show_quarantine)
    return routes


def _mark(text: str | None) -> Mark | None:
    try:
        return None if text is None else Mark.from_text(text)
    except BadInputError as err:
        raise Problem(MALFORMED, str(err)) from err


def _document(one: RefusedMessage) -> RefusedDocument:
    return RefusedDocument(
        topic=one.topic,
        address=one.address,
        epoch=one.epoch,
        seq=one.seq,
        why=one.why,
        first=moment(one.first_ms),
        times=one.times,
        bytes=len(one.body),
        text=one.text,
    )
