"""Evidence on its way: a manager that is killed in the middle, a daemon that is started anew, TLS with certificates."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from required import require_tool
from test_tls import Authority
from test_uplink import free_port, wait_for

from edge_contracts.tls_files import tls_context
from edge_runtime.clock import MonotonicClock
from edge_runtime.evidence.upload.budget import UploadBudget
from edge_runtime.evidence.upload.link import EvidenceLink, UploadAddress
from edge_runtime.evidence.upload.memory import UploadMemory
from edge_runtime.evidence.upload.uploader import Uploader
from edge_runtime.evidence.upload.waiting import Waiting
from tests.fakes.evidence_server import Cabinet, EvidenceServer
from tests.fakes.stations import DEFECT_LEVEL, run_station, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
REPOSITORY = Path(__file__).resolve().parents[2]
BYTES_PER_S = 400_000
CLIP = os.urandom(1_200_000)
SHA256 = hashlib.sha256(CLIP).hexdigest()


@contextmanager
def manager(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The reference server in a process of its own."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.fakes.evidence_server", str(folder), str(port)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment)
    try:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == port
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@contextmanager
def uploading(folder: Path, url: str, context: ssl.SSLContext | None = None) -> Iterator[Uploader]:
    memory = UploadMemory(folder / "uploaded", "boot")
    waiting = Waiting(folder / "evidence", ("clip",), memory.__contains__)
    made = Uploader(
        EvidenceLink(UploadAddress(url, "plant/hall/station-1"), context),
        waiting,
        memory,
        UploadBudget(BYTES_PER_S, 0, memory.spent),
        MonotonicClock(),
        draw=lambda: 0.1,
    )
    made.start()
    try:
        yield made
    finally:
        assert made.stop(10.0)


def keep(folder: Path) -> None:
    path = folder / "evidence" / "clip" / SHA256[:2] / f"{SHA256}.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(CLIP)


def arrived(folder: Path) -> int:
    part = folder / f"{SHA256}.part"
    return part.stat().st_size if part.exists() else 0


def test_a_manager_that_is_killed_in_mid_transfer_is_brought_the_rest_and_no_more(tmp_path: Path) -> None:
    keep(tmp_path)
    stored, port = tmp_path / "manager", free_port()
    with uploading(tmp_path, f"http://127.0.0.1:{port}") as board:
        with manager(stored, port) as process:
            wait_for(lambda: arrived(stored) > 500_000)
            process.kill()
            process.wait(10)
        found = arrived(stored)
        assert 500_000 < found < len(CLIP)
        with manager(stored, port):
            wait_for(lambda: board.counts.taken == 1)
        assert (stored / SHA256).read_bytes() == CLIP
        assert board.counts.resumed >= 1
        assert board.counts.bytes < len(CLIP) + 400_000, "what had arrived is not sent again"


def test_a_daemon_that_ends_in_mid_transfer_goes_on_in_its_next_life(tmp_path: Path) -> None:
    keep(tmp_path)
    stored, port = tmp_path / "manager", free_port()
    with manager(stored, port):
        with uploading(tmp_path, f"http://127.0.0.1:{port}"):
            wait_for(lambda: arrived(stored) > 500_000)
        found = arrived(stored)
        with uploading(tmp_path, f"http://127.0.0.1:{port}") as again:
            wait_for(lambda: again.counts.taken == 1)
            assert again.counts.bytes <= len(CLIP) - found
        assert SHA256 in UploadMemory(tmp_path / "uploaded", "boot")


def test_a_manager_that_never_answers_does_not_hold_up_the_end_of_the_daemon(tmp_path: Path) -> None:
    keep(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with uploading(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}") as board:
            connection, _ = silent.accept()
            assert connection.recv(4) == b"HEAD"
            assert board.stop(2.0), "the connection's own patience is 10 s"
        connection.close()


def test_certificates_say_who_both_sides_are(tmp_path: Path) -> None:
    plant = Authority(tmp_path / "plant", require_tool("openssl")).found()
    for name in ("manager", "station-1"):
        plant.sign(name)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=plant.tls_of("manager").ca)
    theirs.load_cert_chain(plant.tls_of("manager").certificate or "", plant.tls_of("manager").key)
    theirs.verify_mode = ssl.CERT_REQUIRED
    ours = plant.tls_of("station-1")
    keep(tmp_path)
    (stored := tmp_path / "manager").mkdir()
    with EvidenceServer(Cabinet(stored), context=theirs) as server:
        url = f"https://localhost:{server.port}"
        with uploading(tmp_path, url, tls_context(ours.ca, None, None)) as unknown:
            wait_for(lambda: unknown.counts.failed > 0)
        assert not list(stored.iterdir())
        with uploading(tmp_path, url, tls_context(ours.ca, ours.certificate, ours.key)) as board:
            wait_for(lambda: board.counts.taken == 1)
    assert (stored / SHA256).read_bytes() == CLIP


def test_a_stations_pictures_reach_the_manager_and_are_not_sent_by_its_next_run(tmp_path: Path) -> None:
    (stored := tmp_path / "manager").mkdir()
    write_parts(tmp_path / "parts", [DEFECT_LEVEL, DEFECT_LEVEL + 10])
    (tmp_path / "token").write_text("secret\n")
    with EvidenceServer(Cabinet(stored, token="secret", base="/fleet")) as server:  # noqa: S106 - a test's
        table = f'\n[upload]\nurl = "http://127.0.0.1:{server.port}/fleet"\ntoken_file = "token"\n'
        station = write_station(tmp_path, more=table)
        kept, known = {""}, UploadMemory(tmp_path / "state" / "uploaded", None)
        # Not until they are stored: a run that ends before it has the answer asks once more.
        while not all(sha256 in known for sha256 in kept):
            run_station(station)
            kept = {path.stem for path in (tmp_path / "state" / "evidence").glob("*/??/*")}
            known = UploadMemory(tmp_path / "state" / "uploaded", None)
        asked = list(server.cabinet.asked)
        run_station(station)
    assert {path.name for path in stored.iterdir()} == kept
    assert len(kept) >= 2
    assert {device for _, _, device in asked} == {"acme/north/line-1"}
    assert len(server.cabinet.asked) == len(asked)
