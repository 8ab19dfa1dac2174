"""What the routes are given: the parts of the manager that they ask, made by whoever composes the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import Request

from fleet_manager.desk.desk_health import DeskHealth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    from fleet_manager.evidence.evidence_store import EvidenceStore
    from fleet_manager.people.assembly import People


@dataclass(frozen=True, slots=True)
class Settings:
    """What may differ from site to site.

    body_bytes: the largest body that a route reads, evidence apart.
    portion_bytes: the largest piece of evidence in one request.
    uploads_at_once: more are sent away for a while.
    patience_s: so long the next bytes of an upload may take.
    """

    body_bytes: int = 1 << 20
    portion_bytes: int = 64 << 20
    uploads_at_once: int = 32
    patience_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Services:
    """The parts.

    engine: the database, migrated.
    people: accounts, sessions, tokens, the audit log.
    evidence: where pictures are; None where this manager keeps none.
    waits_for: what is not ready yet, in words; empty when all is.
    desk: how cases, counts and calls do.
    public_key: by which stations know this manager's configurations; empty for one that signs none.
    unix_ms: the wall clock. monotonic_s: seconds that never go back. draw: random bytes.
    takes_mail: whether there is a mail server that calls go out by.
    """

    engine: Engine
    people: People
    evidence: EvidenceStore | None
    waits_for: Callable[[], Sequence[str]]
    unix_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    draw: Callable[[int], bytes]
    public_key: str = ""
    settings: Settings = field(default_factory=Settings)
    takes_mail: bool = False
    desk: Callable[[], DeskHealth] = DeskHealth


def services_of(request: Request) -> Services:
    """The parts of the application that got this request."""
    found = request.app.state.services
    if not isinstance(found, Services):
        raise TypeError("wanted an application from create_app")
    return found


async def _services(request: Request) -> Services:
    return services_of(request)


ServicesNow = Annotated[Services, Depends(_services)]
"""A route's parameter: the parts."""
