"""Each verdict as one line of the daemon's log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from edge_runtime.occasion import Inspected

_log = logging.getLogger("edge_runtime.verdicts")


class VerdictLog:
    """Good parts at level INFO, all others at WARNING."""

    @staticmethod
    def take(inspected: Inspected) -> None:
        """Write the line."""
        verdict = inspected.verdict
        level = logging.INFO if verdict.outcome is Outcome.GOOD else logging.WARNING
        if not _log.isEnabledFor(level):
            return
        _log.log(
            level,
            "%s %s: %s (%s) %s [%.1f ms]",
            verdict.point,
            verdict.part,
            verdict.outcome.value,
            verdict.cause.value,
            verdict.reason,
            verdict.latency_ms,
        )
