"""Configurations as a manager sends them, signed with a key of the test's own."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from edge_contracts.configuration import Desired, signed_bytes
from edge_contracts.topics import DeviceAddress

ADDRESS = DeviceAddress("acme", "north", "line-1")
TEXT = """
[[points]]
name = "gate"
bundle = "part.bundle"
source = { kind = "folder", path = "parts" }
"""


class Signer:
    """A manager's key."""

    def __init__(self, seed: int = 1) -> None:
        ed25519 = pytest.importorskip(
            "cryptography.hazmat.primitives.asymmetric.ed25519", reason="needs cryptography, which is not installed"
        )
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)

    @property
    def public(self) -> str:
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def desired(self, revision: int, text: str, address: DeviceAddress = ADDRESS, /, **changed: Any) -> Desired:
        digest = hashlib.sha256(text.encode()).hexdigest()
        signature = base64.b64encode(self._key.sign(signed_bytes(address.source, revision, digest))).decode()
        whole = {"revision": revision, "hash": digest, "signature": signature, "text": text, **changed}
        return Desired.model_validate(whole)

    def body(self, revision: int, text: str, address: DeviceAddress = ADDRESS, /, **changed: Any) -> bytes:
        return self.desired(revision, text, address, **changed).model_dump_json().encode()
