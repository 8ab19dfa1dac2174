"""What the pages are given, made by whoever composes the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    from fleet_manager.evidence.evidence_store import EvidenceStore
    from fleet_manager.people.assembly import People
    from fleet_manager.people.provider_door import ProviderDoor
    from fleet_manager.rule_keeping import RuleKeeping


@dataclass(frozen=True, slots=True)
class PageParts:
    """The parts.

    engine: the database, migrated. people: accounts, sessions, the audit log.
    evidence: where pictures are; None where this manager keeps none. unix_ms: the wall clock.
    rules: who is called about alerts that nobody looks at.
    waits_for: why alerts are not heard or stored just now, in words; empty while they are.
    provider: the way in by an identity provider; None where there is none.
    public_key: by which stations know this manager's configurations.
    address: where people reach the pages, as `site.toml` says; empty where it does not.
    """

    engine: Engine
    people: People
    evidence: EvidenceStore | None
    unix_ms: Callable[[], int]
    rules: RuleKeeping
    waits_for: Callable[[], Sequence[str]]
    provider: ProviderDoor | None = None
    public_key: str = ""
    address: str = ""
