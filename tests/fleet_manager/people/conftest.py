from __future__ import annotations

import pytest

from tests.fakes.people import empty_office, office_with_admin


@pytest.fixture
def new_office(fleet_engine):
    """A manager that nobody has set up."""
    return empty_office(fleet_engine)


@pytest.fixture
def office(fleet_engine):
    """A manager with anna as its admin."""
    return office_with_admin(fleet_engine)
