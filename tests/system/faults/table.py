"""The table: one row per fault, and below it whatever was not as promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.system.faults.trial import Outcome

_WIDTH = 54
HEADING = (
    f"{'fault':<{_WIDTH}} parts  during: good/defect/unknown  latest ms  line ms  recovery s"
    "  processes threads descriptors MB before -> after"
)
_SHOWN_MAX = 6


def row(outcome: Outcome) -> str:
    """One row, or several."""
    name = f"{outcome.fault.name:<{_WIDTH}}"
    if outcome.missing:
        return f"{name} SKIPPED: {outcome.missing}"
    troubles = "".join(f"\n    {sentence}" for sentence in outcome.broken[:_SHOWN_MAX])
    troubles += "".join(f"\n    first try: {sentence}" for sentence in outcome.first_try[:_SHOWN_MAX])
    if outcome.judgement is None or outcome.before is None or outcome.after is None:
        return f"{name} FAIL{troubles}"
    judgement, before, after = outcome.judgement, outcome.before, outcome.after
    during = "/".join(str(judgement.during[kind]) for kind in ("good", "defect", "unknown"))
    recovery = "never" if outcome.recovery_s is None else f"{outcome.recovery_s:.2f}"
    held = (
        f"{before.processes} {before.threads} {before.descriptors} {before.memory_mb:.1f}"
        f" -> {after.processes} {after.threads} {after.descriptors} {after.memory_mb:.1f}"
    )
    return (
        f"{name} {outcome.parts:>5}  {during:>27}  {judgement.latest_ms:>9.1f}  {judgement.handed_over_ms:>7.1f}"
        f"  {recovery:>10}  {held:<34} {'FAIL' if outcome.broken else 'ok'}{troubles}"
    )
