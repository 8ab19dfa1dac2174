"""Whether a configuration comes from the manager that this station trusts, whole and for this device."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge_contracts.configuration import MAX_DESIRED_BYTES, Desired, signed_bytes
from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress


class DesiredRefused(BadInputError):
    """What came under `desired` is none of the trusted manager's configurations for this device."""


def read(body: bytes) -> Desired:
    """A message as the contract has it.

    Raises:
        DesiredRefused: it is too large, or not by the contract.
    """
    if len(body) > MAX_DESIRED_BYTES:
        raise DesiredRefused(f"wanted at most {MAX_DESIRED_BYTES} bytes of a configuration, found {len(body)}")
    try:
        return Desired.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise DesiredRefused(f"wanted a configuration by the contract, found {where}: {first['msg']}") from error


class Verifier:
    """One trusted key, one device.

    Args:
        trusted_key: the manager's Ed25519 public key, base64.
        address: of this device.

    Raises:
        MissingExtraError: `cryptography` is not installed.
        BadInputError: it is no key.
    """

    def __init__(self, trusted_key: str, address: DeviceAddress) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - an extra of few stations
                Ed25519PublicKey,
            )
        except ImportError as error:
            raise MissingExtraError(
                "wanted cryptography to verify configurations ([remote]), found it missing: "
                "pip install 'lepton-edge[remote]', or remove [remote]"
            ) from error
        try:
            self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted_key, validate=True))
        except ValueError as error:
            raise BadInputError(
                f"remote.trusted_key: wanted an Ed25519 key of 32 bytes in base64, found {error}; copy it from the "
                "manager's page"
            ) from error
        self._address = address

    def check(self, desired: Desired) -> None:
        """Go on only with what the trusted manager signed for this device.

        Raises:
            DesiredRefused: text and hash do not fit together, or the signature is not the manager's.
        """
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above

        digest = hashlib.sha256(desired.text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest != desired.hash:
            raise DesiredRefused(f"wanted a text with the hash {desired.hash[:12]}…, found {digest[:12]}…")
        try:
            self._key.verify(
                base64.b64decode(desired.signature), signed_bytes(self._address.source, desired.revision, desired.hash)
            )
        except InvalidSignature as error:
            raise DesiredRefused(
                f"wanted revision {desired.revision} signed for {self._address.source} by the manager whose key "
                "[remote] names, found another signature: compare remote.trusted_key with the manager's page"
            ) from error
