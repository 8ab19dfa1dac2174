"""The manager's key: by it a station knows whose configurations it obeys. Made at the first start, never sent."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge_contracts.configuration import signed_bytes
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.topics import DeviceAddress

FILE: Final = "configuration.key"
_OWNER_ONLY: Final = 0o600


class SigningKey:
    """An Ed25519 key.

    Args:
        key: the private half.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> str:
        """What a station's `trusted_key` names: 32 bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def signature(self, address: DeviceAddress, revision: int, digest: str) -> str:
        """Over a revision of a device; 64 bytes in base64."""
        return base64.b64encode(self._key.sign(signed_bytes(address.source, revision, digest))).decode()


def open_signing_key(folder: Path) -> SigningKey:
    """The key in a folder, made where there is none, for its owner's eyes only.

    Raises:
        BadInputError: the file is no such key, others may read it, or it cannot be made.
    """
    path = folder / FILE
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise BadInputError(
            f"wanted to make the manager's key in {path}, found {error.strerror}: make room there, or let this user "
            "write; there was none before, so nothing is lost"
        ) from error
    try:
        if (mode := path.stat().st_mode & 0o777) & ~_OWNER_ONLY:
            raise BadInputError(f"wanted {path} for its owner alone, found mode {mode:o}: chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(
            f"wanted the manager's key in {path}, found: {error}; bring it back from a backup, or remove it and give "
            "each station the new one"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError(f"wanted an Ed25519 key in {path}, found another kind: bring it back from a backup")
    return SigningKey(key)


def _make(path: Path) -> None:
    """Beside and then in place, so that there is never half a key."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    half = path.with_suffix(".partial")
    half.unlink(missing_ok=True)
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
