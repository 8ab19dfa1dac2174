"""The manager's key is made once, for its owner's eyes, and never replaced silently."""

from __future__ import annotations

import base64
import errno
import os

import pytest

from edge_contracts.configuration import Desired
from edge_contracts.errors import BadInputError
from edge_contracts.topics import DeviceAddress
from edge_runtime.remote.verification import DesiredRefused, Verifier
from fleet_manager.configuration.signing_key import FILE, open_signing_key

WHERE = DeviceAddress("plant", "hall", "station-1")
DIGEST = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first = open_signing_key(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert open_signing_key(tmp_path).public == first.public
    assert len(base64.b64decode(first.public)) == 32
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_station_that_names_the_key_believes_what_it_signed_and_nothing_else(tmp_path):
    key = open_signing_key(tmp_path)
    signature = key.signature(WHERE, 3, DIGEST)
    verifier = Verifier(key.public, WHERE)
    desired = Desired(revision=3, hash=DIGEST, signature=signature, text="hello")
    verifier.check(desired)
    for other in ({"revision": 4}, {"text": "hullo"}):
        with pytest.raises(DesiredRefused):
            verifier.check(desired.model_copy(update=other))
    (tmp_path / "other").mkdir()
    with pytest.raises(DesiredRefused):
        Verifier(open_signing_key(tmp_path / "other").public, WHERE).check(desired)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_told_and_left(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(BadInputError, match="backup"):
        open_signing_key(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    open_signing_key(tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(BadInputError, match="chmod 600"):
        open_signing_key(tmp_path)


def test_a_key_of_another_kind_is_told(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / FILE).write_bytes(pem)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(BadInputError, match="another kind"):
        open_signing_key(tmp_path)


def test_a_disk_without_room_for_the_key_asks_for_room_and_leaves_no_half(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInputError, match="found No space left on device: make room"):
        open_signing_key(tmp_path)
    assert list(tmp_path.iterdir()) == []
