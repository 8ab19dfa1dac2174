"""A bucket that is away takes nothing and loses nothing: what is in flight stays on the disk until it is taken."""

from __future__ import annotations

import hashlib
import socket
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import ValidationError

from edge_contracts.errors import MissingExtraError
from fleet_manager.evidence.bucket_settings import BucketSettings
from fleet_manager.evidence.bucket_shelf import LOOKS_AT_ONCE, SITES_KEPT_S, BucketShelf
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import EvidenceAway, Limits, Piece
from tests.fakes.bucket_server import SECRET, BucketServer, bucket_settings

if TYPE_CHECKING:
    from pathlib import Path

SITE = "plant/hall"
PICTURE = bytes(range(256)) * 40
NAME = hashlib.sha256(PICTURE).hexdigest()
LIMITS = Limits(file_bytes=32 << 20, total_bytes=64 << 20, free_bytes=0)


class HandClock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(
    server: BucketServer, bucket: str, folder: Path, clock: HandClock | None = None, limits: Limits = LIMITS
) -> DiskEvidence:
    shelf = BucketShelf(bucket_settings(server, bucket, folder), clock or HandClock())
    return DiskEvidence(folder / "evidence", limits, HandClock(), free=lambda _: 1 << 40, shelf=shelf)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def files(folder: Path) -> list[str]:
    return [path.name for path in (folder / "evidence").rglob("*") if path.is_file()]


def test_a_whole_file_leaves_the_disk_and_its_room(bucket_server: BucketServer, tmp_path: Path) -> None:
    store = opened(bucket_server, bucket_server.new_bucket(), tmp_path)
    for number in range(5):
        content = bytes([number]) * (20 << 20)
        name = hashlib.sha256(content).hexdigest()
        receipt = store.receive(SITE, name, 0, len(content))
        assert receipt is not None
        receipt.write(content)
        assert receipt.close().is_whole
        assert files(tmp_path) == []
    assert sum(len(block) for block in store.blocks(SITE, name, 0, 20 << 20)) == 20 << 20


def test_while_the_bucket_is_away_nothing_reads_as_stored_and_nothing_is_lost(
    own_bucket_server: BucketServer, tmp_path: Path
) -> None:
    bucket, limits = own_bucket_server.new_bucket(), Limits(len(PICTURE), len(PICTURE), 0)
    store = opened(own_bucket_server, bucket, tmp_path, limits=limits)
    receipt = store.receive(SITE, NAME, 0, len(PICTURE))
    assert receipt is not None
    receipt.write(PICTURE)
    own_bucket_server.stop()
    with pytest.raises(EvidenceAway, match="wanted the bucket"):
        receipt.close()
    for ask in (lambda: store.look(SITE, NAME), lambda: store.receive(SITE, NAME, 0, 9), store.sites):
        with pytest.raises(EvidenceAway):
            ask()
    with pytest.raises(EvidenceAway):
        next(store.blocks(SITE, NAME, 0, 9))
    assert files(tmp_path) == [f"{NAME}.{len(PICTURE)}"]
    own_bucket_server.start()
    own_bucket_server.make_bucket(bucket)
    assert store.look(SITE, NAME) == Piece(len(PICTURE), is_whole=True)
    assert b"".join(store.blocks(SITE, NAME, 0, len(PICTURE))) == PICTURE
    assert files(tmp_path) == []
    following = store.receive(SITE, "0" * 64, 0, len(PICTURE))
    assert following is not None, "its room is free again"
    following.close()


def test_a_bucket_that_hangs_holds_up_few_and_not_for_long(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * LOOKS_AT_ONCE) as hanging:
        server = SimpleNamespace(address=f"http://127.0.0.1:{hanging.getsockname()[1]}")
        settings = bucket_settings(cast("BucketServer", server), "evidence", tmp_path)
        shelf = BucketShelf(settings, HandClock(), look_s=1.5)
        told: list[str] = []

        def ask() -> None:
            with pytest.raises(EvidenceAway) as err:
                shelf.size(SITE, NAME)
            told.append(str(err.value))

        threads = [threading.Thread(target=ask, name=f"ask-{number}") for number in range(LOOKS_AT_ONCE + 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    many = [one for one in told if "too many who wait" in one]
    assert (len(told), len(many)) == (LOOKS_AT_ONCE + 4, 4)
    assert told[:4] == many, "they are sent away while the others still wait"


def test_a_bucket_that_there_is_not_takes_nothing(bucket_server: BucketServer, tmp_path: Path) -> None:
    store = opened(bucket_server, "no-such-bucket", tmp_path)
    receipt = store.receive(SITE, NAME, 0, len(PICTURE))
    assert receipt is not None
    receipt.write(PICTURE)
    with pytest.raises(EvidenceAway) as told:
        receipt.close()
    assert SECRET not in str(told.value)
    assert files(tmp_path) == [f"{NAME}.{len(PICTURE)}"]


def test_a_site_of_another_manager_is_known_after_a_while(bucket_server: BucketServer, tmp_path: Path) -> None:
    clock, bucket = HandClock(), bucket_server.new_bucket()
    store, other = (
        opened(bucket_server, bucket, tmp_path, clock),
        opened(bucket_server, bucket, _made(tmp_path / "other")),
    )
    assert store.sites() == []
    receipt = other.receive(SITE, NAME, 0, len(PICTURE))
    assert receipt is not None
    receipt.write(PICTURE)
    receipt.close()
    assert (store.sites(), store.look(SITE, NAME)) == ([], Piece(len(PICTURE), is_whole=True))
    clock.now_s += SITES_KEPT_S + 1
    assert store.sites() == [SITE]


@pytest.mark.parametrize(
    "wrong",
    [
        {"s3": "https://bucket"},
        {"s3": "s3://B"},
        {"endpoint": "minio:9000"},
        {"access_key": "A"},
        {"secret_key": SECRET},
    ],
    ids=str,
)
def test_a_bucket_that_cannot_be_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BucketSettings.model_validate({"s3": "s3://evidence/fleet", **wrong})


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[s3\]"):
        BucketShelf(BucketSettings.model_validate({"s3": "s3://evidence"}), HandClock())
