from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_contracts.verdict import Cause
from edge_runtime.outputs.log import VerdictLog
from tests.fakes.parts import inspected, verdict

if TYPE_CHECKING:
    import pytest


def test_every_verdict_is_a_line_and_what_is_not_good_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        VerdictLog.take(inspected(verdict(Cause.CLEAN, part="1")))
        VerdictLog.take(inspected(verdict(Cause.DARK, part="2")))
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert "gate 2: unknown (dark) because of dark" in caplog.text
