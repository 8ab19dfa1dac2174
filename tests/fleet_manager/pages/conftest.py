from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from fleet_manager.api.application import create_app
from fleet_manager.api.rule_routes import rule_keeping
from fleet_manager.api.services import Services
from fleet_manager.pages.page_parts import PageParts
from fleet_manager.pages.router import add_pages, live_feed
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.csrf import csrf_token
from tests.fakes.desks import FakeDesk
from tests.fakes.people import PASSWORD, Office, office_with_admin
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import APIRouter
    from httpx2 import Response


@dataclass
class Visitors:
    """A manager's pages without a browser; `anna` is the admin of everything."""

    client: TestClient
    office: Office
    desk: FakeDesk
    waits_for: list[str]
    pages: APIRouter
    sessions: dict[str, str] = field(default_factory=dict)

    def come_in(self, name: str = "anna", password: str = PASSWORD) -> str:
        self.sessions[name] = self.office.log_in(name, password)
        return self.sessions[name]

    def get(self, path: str, name: str = "anna") -> Response:
        return self._asked("GET", path, name)

    def post(self, path: str, name: str = "anna", /, **fields: str) -> Response:
        """A form of one of their pages."""
        secret = self.sessions.get(name) or self.come_in(name)
        return self._asked("POST", path, name, data={"csrf": csrf_token(secret), **fields})

    def _asked(self, method: str, path: str, name: str, **more: object) -> Response:
        secret = self.sessions.get(name) or self.come_in(name)
        headers = {"Cookie": f"{SESSION}={secret}"}
        self.client.cookies.clear()
        return self.client.request(method, path, headers=headers, follow_redirects=False, **more)


@pytest.fixture
def visitors(tmp_path: Path) -> Iterator[Visitors]:
    with visited(tmp_path) as one:
        yield one


@contextmanager
def visited(folder: Path, address: str = "") -> Iterator[Visitors]:
    """A manager whose `site.toml` says where it is."""
    store = opened_store(folder / "fleet.sqlite")
    office = office_with_admin(store.engine)
    draw = random.Random(7).randbytes
    waits_for: list[str] = []
    services = Services(store.engine, office.people, None, lambda: waits_for, office.clock, lambda: 0.0, draw)
    feed = live_feed(store.engine)
    rules = rule_keeping(services)
    parts = PageParts(store.engine, office.people, None, office.clock, rules, services.waits_for, address=address)
    app = create_app(services)
    pages = add_pages(app, parts, feed)
    with TestClient(app) as client:
        yield Visitors(client, office, FakeDesk(store.engine), waits_for, pages)
    feed.close()
    store.close()
