"""A picture that a station keeps says in itself what it is, so that it can serve as calibration data later.

The note is a JPEG comment (marker FE, ITU-T T.81 B.2.4.5) behind the JFIF header: `lepton-frame ` and a JSON object. It
is part of the file, hence of the SHA-256 that names it; every reader of JPEG passes over it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from edge_contracts.alert import EvidenceKind
from edge_contracts.station import Region

HEAD_BYTES = 4096
"""The note lies within so many bytes of the file's start."""

_START = b"\xff\xd8"
_JFIF = b"\xff\xe0"
_COMMENT = b"\xff\xfe"
_MARK = b"lepton-frame "
_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """What a kept picture is.

    kind: the picture as it was, or with a heat map or boxes drawn over it.
    bundle: digest of the model that judged it, empty where none did.
    region: what of the picture the model saw.
    """

    kind: EvidenceKind
    bundle: str
    region: Region


def with_note(jpeg: bytes, frame: RecordedFrame) -> bytes:
    """The JPEG file with the note in it.

    Raises:
        ValueError: the bytes are no JPEG file.
    """
    if not jpeg.startswith(_START):
        raise ValueError(f"wanted a JPEG file, found bytes that begin with {jpeg[:2].hex()}")
    at = len(_START)
    if jpeg[at : at + len(_JFIF)] == _JFIF:
        at += len(_JFIF) + int.from_bytes(jpeg[at + len(_JFIF) : at + len(_JFIF) + _LENGTH_BYTES], "big")
    told = {"kind": frame.kind.value, "bundle": frame.bundle, "region": frame.region.model_dump()}
    body = _MARK + json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    return jpeg[:at] + _COMMENT + (len(body) + _LENGTH_BYTES).to_bytes(_LENGTH_BYTES, "big") + body + jpeg[at:]


def note_in(head: bytes) -> RecordedFrame | None:
    """The note of a kept picture, given the first `HEAD_BYTES` of its file; None for any other picture."""
    at = head.find(_COMMENT, len(_START)) if head.startswith(_START) else -1
    while at >= 0:
        size = int.from_bytes(head[at + len(_COMMENT) : at + len(_COMMENT) + _LENGTH_BYTES], "big")
        body = head[at + len(_COMMENT) + _LENGTH_BYTES : at + len(_COMMENT) + size]
        if body.startswith(_MARK):
            return _parsed(body[len(_MARK) :])
        at = head.find(_COMMENT, at + 1)
    return None


def _parsed(body: bytes) -> RecordedFrame | None:
    """None for a note that somebody else wrote, or a later version in another form."""
    try:
        told = json.loads(body)
        return RecordedFrame(EvidenceKind(told["kind"]), str(told["bundle"]), Region(**told["region"]))
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
