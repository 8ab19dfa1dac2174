"""A real daemon with its page: `lepton run` in a process of its own, on pictures that go round and round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station
from tests.fakes.web import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
LEPTON = [sys.executable, "-c", "from lepton.cli import main; main()"]
PATIENCE_S = 30.0
ENDLESS = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.1 }\n'
)


@dataclass(frozen=True, slots=True)
class WebStation:
    """A running daemon.

    folder: of its station.toml, its parts and its `state`.
    """

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def audit(self) -> list[dict[str, Any]]:
        path = self.folder / "state" / "audit.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@contextmanager
def web_station(folder: Path, more: str = "") -> Iterator[WebStation]:
    """Run a station with a page until the end of the block; it must then end cleanly."""
    write_parts(folder / "parts", [GOOD_LEVEL, DEFECT_LEVEL, GOOD_LEVEL, GOOD_LEVEL])
    port = free_port()
    station = write_station(folder, ENDLESS, deadline_ms=100, more=f"[web]\nport = {port}\n{more}")
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [*LEPTON, "run", "--quiet", str(station)], stderr=log, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
        )
        try:
            served = WebStation(folder, port)
            _wait_until_healthy(served, daemon)
            yield served
        finally:
            daemon.terminate()
            code = daemon.wait(PATIENCE_S)
    told = (folder / "log").read_text("utf-8", "replace")
    assert code == 0, told
    assert "Traceback" not in told, told


def _wait_until_healthy(served: WebStation, daemon: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while True:
        assert daemon.poll() is None, (served.folder / "log").read_text("utf-8", "replace")
        assert time.monotonic() < until_s, "the page did not come up"
        try:
            with urllib.request.urlopen(f"{served.address}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.05)
