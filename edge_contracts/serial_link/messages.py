"""Each message of the station protocol as a typed value; what it means and its ranges are in `protocol.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias


class Reason(IntEnum):
    """Why a reliable message will not be done."""

    UNKNOWN_MESSAGE = 1
    BAD_VALUE = 2
    UNKNOWN_PART = 3
    LATE = 4
    NO_SUCH_KEY = 5
    OUT_OF_ORDER = 6
    DAMAGED = 7
    FULL = 8
    FAILED = 9
    FORBIDDEN = 10


class By(IntEnum):
    """What a reject's delay counts: the clock, or the encoder."""

    TICKS = 0
    COUNTS = 1


class Light(IntEnum):
    """What a lamp shows."""

    OFF = 0
    ON = 1
    BLINK = 2


class Level(IntEnum):
    """How grave a line of the log is."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Identify:
    """Begin anew; the answer is `Hello` with the same session."""

    session: int


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the microcontroller is; session 0 after a start."""

    session: int
    protocol: int
    ticks_per_second: int
    parts: int
    firmware: str
    board: str


@dataclass(frozen=True, slots=True)
class Ack:
    """The reliable message with this number was done."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Nak:
    """The reliable message with this number will not be done."""

    sequence: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The line may run (alive = 1) for so long, or must not (0)."""

    alive: int
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """Where the microcontroller's clock, encoder and parts stand."""

    tick: int
    count: int
    part: int
    reject: int
    failsafe: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A part is at the camera."""

    part: int
    count: int
    tick: int


@dataclass(frozen=True, slots=True)
class Reject:
    """Reject this part, so many ticks or counts after its trigger."""

    part: int
    by: By
    delay: int
    length_ticks: int


@dataclass(frozen=True, slots=True)
class Lamp:
    """Switch a lamp."""

    lamp: int
    light: Light


@dataclass(frozen=True, slots=True)
class Samples:
    """Raw values of a sensor; `tick` is that of the last."""

    channel: int
    tick: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the log."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class StoragePut:
    """A piece of a new value."""

    key: str
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True)
class StorageCommit:
    """Keep the new value; size 0 removes the key."""

    key: str
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class StorageGet:
    """Ask for a value from this offset on."""

    key: str
    offset: int


@dataclass(frozen=True, slots=True)
class StorageValue:
    """A piece of a value that is kept."""

    key: str
    offset: int
    size: int
    value: bytes


Message: TypeAlias = (
    Identify
    | Hello
    | Ack
    | Nak
    | Heartbeat
    | State
    | Trigger
    | Reject
    | Lamp
    | Samples
    | Log
    | StoragePut
    | StorageCommit
    | StorageGet
    | StorageValue
)
