"""`lepton fleet serve`: one command, and a site works."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from fleet_manager.store.database import database_url, open_database
from fleet_manager.store.ledger import ledger
from tests.fakes.arrivals import WHERE, alert_body
from tests.fakes.letters import ADDRESS
from tests.fakes.patience import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")
PATIENCE_S = 30


class Manager:
    """A manager as its user starts it."""

    def __init__(self, folder: Path) -> None:
        self.http, self.mqtt, self._log = free_port(), free_port(), folder / "manager.log"
        self.folder = folder / "site"
        command = [sys.executable, "-m", "lepton", "fleet", "serve", "--folder", str(self.folder)]
        ports = ["--port", str(self.http), "--broker-port", str(self.mqtt)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*command, *ports], stderr=log)

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@contextmanager
def manager(folder: Path) -> Iterator[Manager]:
    made = Manager(folder)
    try:
        eventually(lambda: made.status("/readyz") == 200, PATIENCE_S)
        yield made
    finally:
        made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(PATIENCE_S) == 0, made.said


def publish(port: int, seq: int) -> None:
    client = Client(CallbackAPIVersion.VERSION2, client_id="station-1")
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(ADDRESS.topic("alert"), alert_body(seq), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def stored(folder: Path) -> list[str]:
    engine = open_database(database_url(folder / "fleet.sqlite"))
    try:
        return [line.sentence() for line in ledger(engine)]
    finally:
        engine.dispose()


def test_one_command_hears_stores_and_starts_again_where_it_ended(tmp_path: Path) -> None:
    with manager(tmp_path) as running:
        link = re.search(rf"http://127\.0\.0\.1:{running.http}(/link)#\S{{20,}}", running.said)
        assert link is not None
        assert running.status(link[1]) == 200
        assert running.status("/v1/alerts") == 401
        publish(running.mqtt, 1)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 1, lost: 0"])
    with manager(tmp_path) as running:
        publish(running.mqtt, 2)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 2, lost: 0"])
    assert "1 alerts stored since the start" in running.said


def test_a_manager_whose_broker_died_is_not_ready_until_it_has_another(tmp_path: Path) -> None:
    with manager(tmp_path) as running:
        children = subprocess.run(
            ["pgrep", "-P", str(running.process.pid), "-f", "embedded_broker"],
            capture_output=True,
            text=True,
            check=True,
        )
        subprocess.run(["kill", "-9", *children.stdout.split()], check=True)
        eventually(lambda: running.status("/readyz") == 503)
        assert running.status("/healthz") == 200
        eventually(lambda: running.status("/readyz") == 200, PATIENCE_S)


def test_a_port_that_somebody_has_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "lepton", "fleet", "serve", "--folder", str(tmp_path / "site")]
        done = subprocess.run(
            [*command, "--port", str(port)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert done.returncode == 2
    assert f"wanted to serve at 127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "site").exists()


def test_mistakes_in_the_file_of_the_site_are_all_named(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('[adapters.home_assistant]\ncolour = "red"\n[adapters.unified_namespace]\nplace = 3\n', "utf-8")
    command = [sys.executable, "-m", "lepton", "fleet", "serve", "--folder", str(tmp_path / "site")]
    done = subprocess.run(
        [*command, "--port", str(free_port()), "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "colour" in done.stderr
    assert "place" in done.stderr
