"""`lepton fleet serve`: one command, and a site works."""

from __future__ import annotations

import hashlib
import re
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from serving_manager import PATIENCE_S, SERVE, serving_manager

from fleet_manager.store.database import database_url, open_database
from fleet_manager.store.ledger import ledger
from tests.fakes.arrivals import WHERE, alert_body
from tests.fakes.bucket_server import running_bucket_server
from tests.fakes.hostile_provider import hostile_provider
from tests.fakes.letters import ADDRESS
from tests.fakes.patience import eventually, free_port
from tests.fakes.receivers import mail_receiver, make_certificate
from tests.system.required import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.bucket_server import BucketServer
    from tests.fakes.hostile_provider import HostileProvider

pytestmark = pytest.mark.system
pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")


@pytest.fixture
def bucket_server() -> Iterator[BucketServer]:
    yield from running_bucket_server()


def sent_to(port: int, path: str) -> str:
    """Where a browser is sent from there."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", path)
        return str(connection.getresponse().headers["Location"])


def upload(port: int, token: str, content: bytes) -> str:
    """Send a picture as a station does; its SHA-256."""
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    headers = {"Authorization": f"Bearer {token}", "Lepton-Device": "plant/hall/station-1"}
    headers["Content-Range"] = f"bytes 0-{size - 1}/{size}"
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("PUT", f"/v1/evidence/{digest}", content, headers)
        assert connection.getresponse().status == 201
    return digest


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
        assert "WARNING" not in running.said
        publish(running.mqtt, 1)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 1, lost: 0"])
    with serving_manager(tmp_path) as running:
        publish(running.mqtt, 2)
        eventually(lambda: stored(running.folder) == [f"{WHERE}: stored 2, lost: 0"])
        running.stop(signal.SIGINT)
    assert "1 alerts stored since the start" in running.said


def site_file(folder: Path, mail_port: int, provider: HostileProvider, buckets: BucketServer) -> Path:
    """A `site.toml` with everything that leads out of the manager."""
    (folder / "secret").write_text("known to no log\n", "utf-8")
    own, certificate = f'"{folder / "secret"}"', f'"{folder / "server.pem"}"'
    text = f"""
    address = "https://fleet.example"
    [mail]
    server = "127.0.0.1"
    port = {mail_port}
    from = "lepton@plant.example"
    user = "lepton"
    password_file = {own}
    ca = {certificate}
    [oidc]
    issuer = "{provider.issuer}"
    client_id = "lepton"
    client_secret_file = {own}
    name = "the plant's account"
    roles = [{{ claim = "groups", value = "it", role = "admin", site = "*" }}]
    [evidence]
    s3 = "s3://{buckets.new_bucket()}"
    endpoint = "{buckets.address}"
    access_key = "lepton"
    secret_key_file = {own}
    """
    (folder / "site.toml").write_text(text, "utf-8")
    return folder / "site.toml"


def test_what_the_file_of_the_site_names_is_spoken_with(tmp_path: Path, bucket_server: BucketServer) -> None:
    certificate, key = make_certificate(require_tool("openssl"), tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with mail_receiver(tls, ("lepton", "known to no log")) as receiver, hostile_provider() as provider:
        file = site_file(tmp_path, receiver.port, provider, bucket_server)
        with serving_manager(tmp_path, f"{SERVE} --config {file}") as running:
            token = running.admin_token()
            wish = {"target": {"kind": "mail", "to": ["night@plant.example"]}}
            assert running.ask("PUT", "/v1/rules/night", token, wish) == 200
            assert running.ask("POST", "/v1/rules/night/trial", token) == 202
            where = sent_to(running.http, "/login/oidc")
            digest = upload(running.http, token, b"\xff\xd8\xff a picture")
            assert running.ask("GET", f"/v1/evidence/{digest}", token) == 200
            eventually(lambda: len(receiver.letters) == 1)
        assert "known to no log" not in running.said
    (letter,) = receiver.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("lepton@plant.example", ["night@plant.example"])
    assert b"no alert waits" in letter.content
    assert receiver.encrypted == [True]
    assert receiver.users == ["lepton"]
    assert where.startswith(f"{provider.issuer}/authorize?")
    assert [path for path in (running.folder / "evidence").rglob("*") if path.is_file()] == []


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
