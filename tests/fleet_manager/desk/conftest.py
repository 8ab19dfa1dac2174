from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.desks import FakeDesk

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def desk(fleet_engine: Engine) -> FakeDesk:
    """A manager's database without alerts, once of SQLite and once of PostgreSQL."""
    return FakeDesk(fleet_engine)
