"""When a certificate ends and whom it names, read from its DER.

Python's own ssl module tells neither of a file without a connection.
"""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import Final

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_LONG_FORM: Final = 0x80
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
_OTHER_BYTES: Final = "wanted a certificate as RFC 5280 describes it, found other bytes"
_COMMON_NAME: Final = bytes([0x55, 0x04, 0x03])
"""The object identifier 2.5.4.3."""
_BEFORE_VALIDITY: Final = 3
"""Serial number, signature algorithm, issuer (RFC 5280, 4.1)."""


def certificate_end(pem: str) -> datetime:
    """The end of the first certificate in a PEM text, UTC.

    Raises:
        ValueError: there is none, or it is not in the form of RFC 5280.
    """
    try:
        return _not_after(_fields(pem))
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(_OTHER_BYTES) from error


def common_name(pem: str) -> str:
    """Whom the first certificate in a PEM text is made out to, empty where it names nobody.

    Raises:
        ValueError: there is none, or it is not in the form of RFC 5280.
    """
    try:
        _, _, fields = _element(_fields(pem))
        _, names, _ = _element(fields)
        return _common_name(names)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(_OTHER_BYTES) from error


def _common_name(names: bytes) -> str:
    while names:
        _, one, names = _element(names)
        _, pair, _ = _element(one)
        _, kind, value = _element(pair)
        if kind == _COMMON_NAME:
            return _element(value)[1].decode("utf-8")
    return ""


def _fields(pem: str) -> bytes:
    """From the validity on."""
    if _BEGIN not in pem or _END not in pem:
        raise ValueError("wanted a certificate in PEM form, found none")
    one = _BEGIN + pem.partition(_BEGIN)[2].partition(_END)[0] + _END
    _, certificate, _ = _element(ssl.PEM_cert_to_DER_cert(one))
    _, fields, _ = _element(certificate)
    if fields[0] == _VERSION:
        _, _, fields = _element(fields)
    for _ in range(_BEFORE_VALIDITY):
        _, _, fields = _element(fields)
    return fields


def _not_after(fields: bytes) -> datetime:
    tag, validity, _ = _element(fields)
    if tag != _SEQUENCE:
        raise ValueError("wanted the validity of a certificate, found another field")
    _, _, after = _element(validity)
    tag, text, _ = _element(after)
    shown = text.decode("ascii")
    if tag != _UTC_TIME:
        return _utc(shown)
    century = "20" if int(shown[:2]) < 50 else "19"  # noqa: PLR2004 - RFC 5280, 4.1.2.5.1
    return _utc(century + shown)


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows (X.690, 8.1)."""
    tag, length, at = der[0], der[1], 2
    if length & _LONG_FORM:
        octets = length & ~_LONG_FORM
        length, at = int.from_bytes(der[2 : 2 + octets], "big"), 2 + octets
    return tag, der[at : at + length], der[at + length :]
