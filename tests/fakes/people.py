"""People for tests: a clock that is turned by hand, and a hasher that takes no time worth speaking of."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher

from fleet_manager.people.assembly import People, assemble_people
from fleet_manager.people.passwords import Passwords
from fleet_manager.people.principal import SYSTEM
from fleet_manager.people.roles import Grant, Role

if TYPE_CHECKING:
    from sqlalchemy import Engine

NOON_MS = 1_700_000_000_000
PASSWORD = "correct horse battery"  # noqa: S105 - of drawn people
ADDRESS = "192.0.2.7"
EVERYWHERE_ADMIN = (Grant("*", Role.ADMIN),)
OPERATOR = (Grant("plant/hall", Role.OPERATOR),)


class WallClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.ms = NOON_MS

    def __call__(self) -> int:
        return self.ms

    def turn(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@dataclass(frozen=True, slots=True)
class Office:
    """A manager's people, with anna as the admin of everything."""

    people: People
    clock: WallClock
    engine: Engine

    def join(self, name: str, grants: tuple[Grant, ...] = OPERATOR, password: str = PASSWORD) -> None:
        """Somebody who has followed their link."""
        self.people.accounts.make(SYSTEM, name, grants)
        self.people.links.redeem(self.people.links.invite(SYSTEM, name), password)

    def log_in(self, name: str, password: str = PASSWORD, address: str = ADDRESS) -> str:
        return self.people.gate.log_in(name, password, address)


@cache
def quick_passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def empty_office(engine: Engine) -> Office:
    clock = WallClock()
    draw = random.Random(1).randbytes
    return Office(assemble_people(engine, quick_passwords(), unix_ms=clock, draw=draw), clock, engine)


def office_with_admin(engine: Engine) -> Office:
    office = empty_office(engine)
    secret = office.people.links.first_set_up()
    assert secret is not None
    office.people.links.redeem(secret, PASSWORD, "anna")
    return office
