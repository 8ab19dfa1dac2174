"""Every part gets a verdict in time, whatever breaks: a running daemon against each fault of the table.

`python -m tests.system.faults` prints the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.faults.catalogue import FAULTS
from tests.system.faults.table import row
from tests.system.faults.trial import run_all

if TYPE_CHECKING:
    from tests.system.faults.fault import Fault
    from tests.system.faults.trial import Outcome

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]

TRIED = tuple(fault for number, fault in enumerate(FAULTS) if number % 3)
"""Two of three, which takes two minutes; `make faults` tries them all."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """What became of each, some at a time, because each mostly waits."""
    return {outcome.fault.name: outcome for outcome in run_all(TRIED)}


@pytest.mark.parametrize("fault", TRIED, ids=lambda fault: type(fault).__name__)
def test_every_part_gets_its_verdict_in_time_and_none_is_called_good_unseen(
    fault: Fault, outcomes: dict[str, Outcome]
) -> None:
    outcome = outcomes[fault.name]
    if outcome.missing:
        pytest.skip(outcome.missing)
    assert not outcome.broken, row(outcome)


def test_the_table_has_twenty_faults_and_more_with_names_of_their_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20
    assert len(TRIED) >= 20
