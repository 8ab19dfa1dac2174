"""`lepton fleet serve`: one command, and a site works."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from linked_install import linked_install
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from serving_manager import PATIENCE_S, SERVE, serving_manager

from fleet_manager.store.database import database_url, open_database
from fleet_manager.store.ledger import ledger
from tests.fakes.arrivals import WHERE, alert_body
from tests.fakes.how_to import blocks, section
from tests.fakes.letters import ADDRESS
from tests.fakes.patience import eventually, free_port
from tests.fakes.receivers import mail_receiver, make_certificate
from tests.system.required import require_tool

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system
pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")


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
    with serving_manager(tmp_path) as running:
        link = re.search(rf"http://127\.0\.0\.1:{running.http}(/link)#\S{{20,}}", running.said)
        assert link is not None
        assert running.status(link[1]) == 200
        assert running.status("/v1/alerts") == 401
        publish(running.mqtt, 1)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 1, lost: 0"])
    with serving_manager(tmp_path) as running:
        publish(running.mqtt, 2)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 2, lost: 0"])
    assert "1 alerts stored since the start" in running.said


def test_a_rule_calls_by_mail_through_the_server_that_the_file_names(tmp_path: Path) -> None:
    certificate, key = make_certificate(require_tool("openssl"), tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    (tmp_path / "password").write_text("letters only\n", "utf-8")
    with mail_receiver(tls, ("lepton", "letters only")) as receiver:
        lines = ["[mail]", 'server = "127.0.0.1"', f"port = {receiver.port}", 'from = "lepton@plant.example"']
        lines += ['user = "lepton"', f'password_file = "{tmp_path / "password"}"', f'ca = "{certificate}"']
        (tmp_path / "site.toml").write_text("\n".join(lines), "utf-8")
        with serving_manager(tmp_path, f"{SERVE} --config site.toml") as running:
            token = running.admin_token()
            wish = {"target": {"kind": "mail", "to": ["night@plant.example"]}}
            assert running.ask("PUT", "/v1/rules/night", token, wish) == 200
            assert running.ask("POST", "/v1/rules/night/trial", token) == 202
            eventually(lambda: len(receiver.letters) == 1)
            assert "letters only" not in running.said
    (letter,) = receiver.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("lepton@plant.example", ["night@plant.example"])
    assert b"no alert waits" in letter.content
    assert receiver.encrypted == [True]
    assert receiver.users == ["lepton"]


def test_what_the_page_installs_is_enough_to_serve(tmp_path: Path) -> None:
    installed, started = blocks(section("run-the-manager", "Run the manager"), "sh")[0].splitlines()
    assert started == SERVE
    extra = re.fullmatch(r"pip install 'lepton-edge\[(\w+)\]'", installed)
    assert extra is not None
    python = linked_install(tmp_path / "fresh", extra[1])
    known = subprocess.run([python, "-c", "import cv2"], capture_output=True, text=True, check=False)
    assert "No module named 'cv2'" in known.stderr, "the environment has what another extra brings"
    with serving_manager(tmp_path, started, python) as running:
        assert running.status("/login") == 200
        publish(running.mqtt, 1)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 1, lost: 0"])


def test_a_manager_whose_broker_died_is_not_ready_until_it_has_another(tmp_path: Path) -> None:
    with serving_manager(tmp_path) as running:
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
