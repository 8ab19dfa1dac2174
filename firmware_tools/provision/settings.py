"""What a station is given: its identity, its Wi-Fi, its calibration; and the keys that they are stored under."""

from __future__ import annotations

import hashlib
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY_KEY = "board.id"
SSID_KEY = "wifi.ssid"
PASSPHRASE_KEY = "secret.wifi"  # noqa: S105 - the name of a key
CALIBRATION_KEY = "calibration"

VALUE_MOST_BYTES = 65_535
_SSID_MOST_BYTES = 32
_MARK_DIGITS = 12
_ID = re.compile(r"[a-z0-9-]{1,32}")
_PASSPHRASE = re.compile(r"[ -~]{8,63}|[0-9A-Fa-f]{64}")
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is written to a chip and shown nowhere."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredValue:
    """One value of the chip's storage.

    is_secret: it is written, and never read back or shown.
    """

    key: str
    value: bytes = field(repr=False)
    is_secret: bool = False

    @property
    def mark(self) -> str:
        """What a ledger keeps of it: the key, and of what is no secret enough of its SHA-256 to tell another value."""
        return self.key if self.is_secret else f"{self.key}:{hashlib.sha256(self.value).hexdigest()[:_MARK_DIGITS]}"


@dataclass(frozen=True, slots=True)
class Settings:
    """One station's.

    Raises:
        BadInputError: a value is none that a station can have.
    """

    id: str
    ssid: str | None = None
    passphrase: Secret | None = None
    calibration: bytes | None = None

    def __post_init__(self) -> None:
        require_id(self.id)
        if self.ssid is not None and not 1 <= len(self.ssid.encode()) <= _SSID_MOST_BYTES:
            raise BadInputError(f"wanted a Wi-Fi name of 1 to {_SSID_MOST_BYTES} bytes, found {self.ssid!r}")
        if self.passphrase is not None and self.ssid is None:
            raise BadInputError("wanted a Wi-Fi name for the pass phrase, found none; give both or neither")
        if self.passphrase is not None and not _PASSPHRASE.fullmatch(self.passphrase.text):
            raise BadInputError(
                "wanted a pass phrase of 8 to 63 plain characters, or 64 hexadecimal digits, found one of "
                f"{len(self.passphrase.text)} characters or with others; mend it where it is kept"
            )
        if self.calibration is not None and not 1 <= len(self.calibration) <= VALUE_MOST_BYTES:
            raise BadInputError(
                f"wanted a calibration of 1 to {VALUE_MOST_BYTES:,} bytes, found {len(self.calibration):,}"
            )

    @property
    def values(self) -> tuple[StoredValue, ...]:
        """What is stored, in this order: a chip that has its identity has everything else, too."""
        found = []
        if self.ssid is not None:
            found.append(StoredValue(SSID_KEY, self.ssid.encode()))
        if self.passphrase is not None:
            found.append(StoredValue(PASSPHRASE_KEY, self.passphrase.text.encode(), is_secret=True))
        if self.calibration is not None:
            found.append(StoredValue(CALIBRATION_KEY, self.calibration))
        return (*found, StoredValue(IDENTITY_KEY, self.id.encode()))


def require_id(text: str) -> str:
    """A station's name, as everywhere in the house.

    Raises:
        BadInputError: it is none.
    """
    if not _ID.fullmatch(text):
        raise BadInputError(f"wanted an id of 1 to 32 of a-z, 0-9 and '-', found {text!r}; give another")
    return text


def read_passphrase(path: Path) -> Secret:
    """The pass phrase that a file holds, without the end of its line.

    Raises:
        BadInputError: others may read the file, or it is no text.
        OSError: it cannot be read.
    """
    if path.stat().st_mode & _OF_OTHERS and path.is_file():
        raise BadInputError(
            f"wanted a pass phrase that nobody else can read, found {path} open to others: chmod 600 it"
        )
    try:
        with path.open("rb") as file:  # a pipe, too; of what has no end no more than a pass phrase can be
            text = file.read(VALUE_MOST_BYTES).decode()
        return Secret(text.removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError as error:
        raise BadInputError(f"wanted a pass phrase as text in {path}, found other bytes") from error


def read_calibration(path: Path) -> bytes:
    """The bytes of a calibration file; the microcontroller's firmware knows what they mean.

    Raises:
        BadInputError: there is no such file.
    """
    if not path.is_file():
        raise BadInputError(f"wanted a calibration file, found none at {path}; check the path")
    return path.read_bytes()
