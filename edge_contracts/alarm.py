"""A condition of the device that lasts: raised once, cleared once, retained by the broker under `alarm/{type}`.

An alert is about one part; an alarm is about the station. One type has one alarm, however many points it concerns.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from edge_contracts.alert import Severity
from edge_contracts.message import SEQ_MAX, ClockTrust, Payload

MAX_ALARM_BYTES = 4096


class AlarmType(str, Enum):
    """What may be wrong with a station; the last level of the topic."""

    CAMERA = "camera"
    TRIGGER = "trigger"
    OUTPUT = "output"
    MODEL = "model"
    DEADLINE = "deadline"
    DRIFT = "drift"
    DISK = "disk"
    FLASH = "flash"
    RECORDS = "records"
    TEMPERATURE = "temperature"
    POWER = "power"
    MEMORY = "memory"
    CLOCK = "clock"
    GOVERNOR = "governor"


class Alarm(Payload):
    """One type's condition, as of now.

    Attributes:
        active: whether it lasts.
        severity: of the worst that is active, else of the last that was.
        reason: one sentence for a person.
        where: inspection points or parts of the board that it concerns now.
        count: how often it began since the daemon started.
        first, last: wall clock when it first began, and when it last began or ended; None when it never did.
        clk: how far that clock is trusted now.
    """

    type: AlarmType
    active: bool
    severity: Severity
    reason: Annotated[str, StringConstraints(max_length=512)] = ""
    where: tuple[str, ...] = ()
    count: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    first: AwareDatetime | None = None
    last: AwareDatetime | None = None
    clk: ClockTrust = ClockTrust.NONE
