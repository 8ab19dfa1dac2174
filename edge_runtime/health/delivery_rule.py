"""When the way of alerts and pictures to the disk is worth an alarm: something of them has waited for seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity

if TYPE_CHECKING:
    from edge_runtime.conditions import Conditions

PATIENCE_S: Final = 5.0
"""A calm card writes in milliseconds, a busy station lets a commit wait 0.75 s."""


class Waits(Protocol):
    """What waits for the disk; `edge_runtime.delivery.Delivery` is one."""

    @property
    def alert_waits_s(self) -> float:
        """How long the oldest alert has waited in memory."""
        ...

    @property
    def picture_waits_s(self) -> float:
        """How long the present write of evidence has taken."""
        ...


def alert_trouble(waits: Waits) -> str | None:
    """One sentence where an alert has waited too long to be durable, None where none has."""
    if (found_s := waits.alert_waits_s) <= PATIENCE_S:
        return None
    return (
        f"wanted each alert on the disk within {PATIENCE_S:g} s, found one in memory for {found_s:.0f}; see to the disk"
    )


def judge_delivery(waits: Waits, conditions: Conditions) -> None:
    """Raise and clear what the disk holds up."""
    conditions.set(AlarmType.DISK, "alerts", alert_trouble(waits), Severity.CRITICAL)
    found_s = waits.picture_waits_s
    hangs = f"wanted a picture written within {PATIENCE_S:g} s, found one begun {found_s:.0f} s ago; see to the disk"
    conditions.set(AlarmType.DISK, "evidence", hangs if found_s > PATIENCE_S else None)
