"""Builds the parts of people, in the order in which they need each other."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_manager.people.accounts import Accounts
from fleet_manager.people.audit import AuditLog
from fleet_manager.people.gate import Gate
from fleet_manager.people.links import OneTimeLinks
from fleet_manager.people.log_in_delay import LogInDelay
from fleet_manager.people.passwords import Passwords
from fleet_manager.people.sessions import SessionLimits, Sessions
from fleet_manager.people.tokens import ApiTokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class People:
    """All that the API and the pages ask about people."""

    gate: Gate
    accounts: Accounts
    links: OneTimeLinks
    tokens: ApiTokens
    audit: AuditLog
    sessions: Sessions


def wall_clock_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def assemble_people(
    engine: Engine,
    passwords: Passwords | None = None,
    limits: SessionLimits | None = None,
    unix_ms: Callable[[], int] = wall_clock_ms,
    draw: Callable[[int], bytes] = os.urandom,
) -> People:
    """The parts, on a database that is migrated.

    Args:
        engine: the database.
        passwords: the hasher; None for one with the parameters of `passwords`.
        limits: of sessions; None for 12 h in all and 1 h without a request.
        unix_ms: the wall clock.
        draw: random bytes.
    """
    audit = AuditLog(engine, unix_ms)
    hasher = passwords or Passwords()
    sessions = Sessions(engine, unix_ms, draw, limits or SessionLimits())
    tokens = ApiTokens(engine, audit, unix_ms, draw)
    gate = Gate(engine, audit, hasher, LogInDelay(engine, unix_ms), sessions, tokens)
    links = OneTimeLinks(engine, audit, hasher, sessions, unix_ms, draw)
    return People(gate, Accounts(engine, audit, unix_ms), links, tokens, audit, sessions)
