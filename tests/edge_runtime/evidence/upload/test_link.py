"""The connection against the reference server on loopback."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_contracts.evidence_upload import MAX_EVIDENCE_BYTES, ContentRange
from edge_runtime.evidence.upload.answer import Reply
from edge_runtime.evidence.upload.link import EvidenceLink, UploadAddress, UploadLost
from tests.fakes.evidence_server import Cabinet, EvidenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 10.0
CONTENT = bytes(range(256)) * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WHOLE = ContentRange(0, len(CONTENT) - 1, len(CONTENT))


@contextmanager
def serving(folder: Path, base: str = "", token: str | None = None) -> Iterator[tuple[Cabinet, EvidenceLink]]:
    cabinet = Cabinet(folder, token, base)
    with EvidenceServer(cabinet) as server:
        address = UploadAddress(f"http://127.0.0.1:{server.port}{base}", "acme/north/line-1", token, PATIENCE_S)
        link = EvidenceLink(address, None)
        try:
            yield cabinet, link
        finally:
            link.close()


def test_asked_sent_and_asked_again(tmp_path: Path) -> None:
    with serving(tmp_path) as (cabinet, link):
        assert link.ask(SHA256).status == 404
        half = ContentRange(0, 9999, len(CONTENT))
        sent = link.send(SHA256, half, "image/jpeg", [CONTENT[:5000], CONTENT[5000:10_000]])
        assert replace(sent, date=None) == replace(link.ask(SHA256), date=None) == Reply(308, "10000")
        rest = ContentRange(10_000, len(CONTENT) - 1, len(CONTENT))
        assert link.send(SHA256, rest, "image/jpeg", [CONTENT[10_000:]]).status == 201
        assert link.ask(SHA256).status == 200
        assert cabinet.whole(SHA256).read_bytes() == CONTENT
        assert {asked[1:] for asked in cabinet.asked} == {(SHA256, "acme/north/line-1")}


def test_an_address_may_have_a_path_and_a_token(tmp_path: Path) -> None:
    with serving(tmp_path, "/fleet/eu", "secret") as (cabinet, link):
        assert link.send(SHA256, WHOLE, "image/jpeg", [CONTENT]).status == 201
        cabinet.token = "another"  # noqa: S105 - a test
        assert link.ask(SHA256).status == 401


def test_a_range_at_the_wrong_place_is_told_where_to_go_on(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link):
        assert link.send(SHA256, ContentRange(0, 99, 200), "image/jpeg", [CONTENT[:100]]).offset == "100"
        again = link.send(SHA256, ContentRange(50, 199, 200), "image/jpeg", [CONTENT[50:200]])
        assert (again.status, again.offset) == (409, "100")


def test_what_is_too_large_is_refused_before_all_of_it_has_come(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link):
        piece = ContentRange(0, (32 << 20) - 1, MAX_EVIDENCE_BYTES + 1)
        blocks = (bytes(1 << 20) for _ in range(32))
        try:
            assert link.send(SHA256, piece, "image/jpeg", blocks).status == 413
        except UploadLost:
            pytest.skip("the answer went down with the connection; TCP allows it")
        assert link.ask(SHA256).status == 404


def test_content_that_is_not_what_its_address_says_is_thrown_away(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link):
        assert link.send("a" * 64, WHOLE, "image/jpeg", [CONTENT]).status == 422
        assert link.ask("a" * 64).status == 404


def test_nobody_there_is_an_error_that_says_what_to_look_at(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link):
        assert link.ask(SHA256).status == 404
    with pytest.raises(UploadLost, match="is the manager there"):
        link.ask(SHA256)


def test_blocks_that_fail_leave_a_connection_that_works_again(tmp_path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield CONTENT[:100]
        raise RuntimeError("no more")

    with serving(tmp_path) as (_, link):
        with pytest.raises(RuntimeError, match="no more"):
            link.send(SHA256, WHOLE, "image/jpeg", failing())
        assert link.ask(SHA256).status in {308, 404}


def test_whoever_waits_for_the_manager_is_freed_by_an_abort(tmp_path: Path) -> None:
    begun, ended = threading.Event(), threading.Event()

    def hesitating() -> Iterator[bytes]:
        yield CONTENT[:100]
        begun.set()
        assert ended.wait(PATIENCE_S)
        yield CONTENT[100:]

    with serving(tmp_path) as (_, link):
        failures: list[BaseException] = []

        def send() -> None:
            try:
                link.send(SHA256, WHOLE, "image/jpeg", hesitating())
            except UploadLost as error:
                failures.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        assert begun.wait(PATIENCE_S)
        link.abort()
        ended.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert len(failures) == 1
