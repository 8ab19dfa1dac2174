from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from starlette.testclient import TestClient

from fleet_manager.api.application import create_app
from fleet_manager.api.services import Services, Settings
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits
from fleet_manager.people.roles import Grant, Role
from tests.fakes.desks import FakeDesk
from tests.fakes.people import Office, office_with_admin
from tests.fakes.stores import opened_store

HALL, YARD = "plant/hall", "plant/yard"
LIMITS = Limits(file_bytes=1 << 20, total_bytes=4 << 20, free_bytes=0)


@dataclass
class Manager:
    """A manager that is asked over HTTP; `anna` is the admin of everything."""

    client: TestClient
    services: Services
    office: Office
    desk: FakeDesk
    waits_for: list[str]
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def token(self, role: str = "admin", site: str = "*") -> str:
        """An API token of somebody who has this role at this site."""
        if (role, site) not in self.tokens:
            name = f"{role}-{len(self.tokens)}"
            grants = (Grant(site, Role.from_word(role)),)
            self.office.join(name, grants)
            person = self.services.people.gate.person(self.office.log_in(name))
            self.tokens[role, site] = self.services.people.tokens.make(person, "test", grants, 30)[0]
        return self.tokens[role, site]

    def ask(self, method: str, path: str, role: str = "admin", site: str = "*", **more):
        """Send a request with such a token."""
        headers = {"Authorization": f"Bearer {self.token(role, site)}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)


@pytest.fixture
def manager(tmp_path):
    yield from made(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One manager for all tests of a file that change nothing there."""
    yield from made(tmp_path_factory.mktemp("manager"))


def made(folder, settings=None, shelf=None):
    """A manager in a folder; it is closed at the end."""
    store = opened_store(folder / "fleet.sqlite")
    office = office_with_admin(store.engine)
    waits_for: list[str] = []
    seconds = iter(range(1_000_000_000))
    services = Services(
        engine=store.engine,
        people=office.people,
        evidence=DiskEvidence(folder / "evidence", LIMITS, lambda: 0.0, free=lambda _: 1 << 40, shelf=shelf),
        waits_for=lambda: waits_for,
        unix_ms=office.clock,
        monotonic_s=lambda: float(next(seconds)),
        draw=random.Random(7).randbytes,
        settings=settings or Settings(),
    )
    with TestClient(create_app(services), raise_server_exceptions=False) as client:
        yield Manager(client, services, office, FakeDesk(store.engine), waits_for)
    store.close()
