"""The configuration that a manager wants a device to have, and the one that the device says it has.

A text is the station's file without the tables that belong to the board itself (`station.remote_text`). What is signed
names the device and the revision, so that no text is good for another device, and no older one can be played again.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from edge_contracts.identifiers import Sha256
from edge_contracts.message import SEQ_MAX, Payload

MAX_TEXT_BYTES: Final = 16_384
MAX_DESIRED_BYTES: Final = 3 * MAX_TEXT_BYTES
"""A text that is escaped as JSON grows; TOML has no control characters, so never to more than twice."""
MAX_REPORTED_BYTES: Final = 32_768
"""Room for the most errors of the longest kind, in whatever script: a character is at most six bytes of JSON."""
MOST_ERRORS: Final = 12
LONGEST_ERROR: Final = 400

Revision = Annotated[int, Field(ge=1, le=SEQ_MAX)]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""An Ed25519 key, 32 bytes in base64."""
Signature = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]
"""64 bytes in base64."""
ErrorText = Annotated[str, StringConstraints(max_length=LONGEST_ERROR)]


class Desired(Payload):
    """What the device shall have, under `desired`; retained, so that one that was away learns it.

    Attributes:
        revision: counts up, per device.
        hash: SHA-256 of the text as UTF-8.
        signature: Ed25519 over `signed_bytes`.
        text: TOML.
    """

    revision: Revision
    hash: Sha256
    signature: Signature
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_BYTES)]


class Phase(str, Enum):
    """What became of the revision that a device heard of last."""

    NONE = "none"
    PROVING = "proving"
    ACTIVE = "active"
    REFUSED = "refused"
    ROLLED_BACK = "rolled-back"


class Reported(Payload):
    """What the device has, under `reported`; retained.

    Attributes:
        revision: what runs; 0 is the board's own file.
        hash: SHA-256 of its text.
        heard: the last revision that it was told of, None before the first.
        phase: what became of that one.
        errors: why it does not run, or what is wrong beside it.
    """

    revision: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    hash: Sha256
    heard: Revision | None = None
    phase: Phase = Phase.NONE
    errors: Annotated[tuple[ErrorText, ...], Field(max_length=MOST_ERRORS)] = ()


def signed_bytes(source: str, revision: int, digest: str) -> bytes:
    """What a signature is over, a line each: purpose, device (`lepton/1/…`), revision, the hash of the text."""
    return f"lepton-configuration-v1\n{source}\n{revision}\n{digest}\n".encode()


def short_errors(errors: list[str]) -> tuple[str, ...]:
    """As many errors as a report has room for, each cut to its room."""
    cut = [error[:LONGEST_ERROR] for error in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        cut[-1] = f"… and {len(errors) - MOST_ERRORS + 1} more"
    return tuple(cut)
