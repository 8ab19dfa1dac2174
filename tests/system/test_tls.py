"""Station and receiver over TLS, with certificates of their own, against a real broker."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from delivery_rig import mosquitto
from required import require_tool
from test_uplink import PACE, PATIENCE_S, announcements, broker, listen, wait_for

from edge_contracts.station import Tls
from edge_contracts.station import Uplink as UplinkSettings
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.uplink import Uplink
from tests.fakes.letters import ADDRESS, alert

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.topics import DeviceAddress

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Authority:
    """A certificate authority with a folder of its own."""

    folder: Path
    openssl: str

    def make(self, *words: str) -> None:
        subprocess.run([self.openssl, *words], cwd=self.folder, check=True, capture_output=True, timeout=30)

    def found(self) -> Authority:
        self.folder.mkdir()
        self.make("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
        self.make(
            *("req", "-x509", "-new", "-key", "ca.key", "-days", "30", "-subj", "/CN=plant-ca", "-out", "ca.crt"),
        )
        return self

    def sign(self, name: str) -> None:
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.make("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        self.make("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        signing = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names")
        self.make("x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.crt")

    def tls_of(self, name: str, authority: Authority | None = None) -> Tls:
        return Tls(
            ca=str((authority or self).folder / "ca.crt"),
            certificate=str(self.folder / f"{name}.crt"),
            key=str(self.folder / f"{name}.key"),
        )


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    mosquitto()
    made = Authority(tmp_path_factory.mktemp("tls") / "plant", require_tool("openssl")).found()
    for name in ("localhost", "station-1", "receiver"):
        made.sign(name)
    return made


@pytest.fixture(scope="module")
def stranger(plant: Authority) -> Authority:
    made = Authority(plant.folder.parent / "stranger", plant.openssl).found()
    made.sign("station-1")
    return made


def settings_of(plant: Authority) -> list[str]:
    """The broker's lines: TLS alone, certificates of the plant alone, the name in the certificate is the user."""
    files = {"cafile": "ca.crt", "certfile": "localhost.crt", "keyfile": "localhost.key"}
    return [
        *(f"{name} {plant.folder / file}" for name, file in files.items()),
        *("require_certificate true", "use_identity_as_username true", "user root"),
    ]


def options_of(tls: Tls) -> list[str]:
    return ["--ca", tls.ca, "--certificate", str(tls.certificate), "--key", str(tls.key)]


class Station:
    """The delivery half of a station whose broker speaks TLS."""

    def __init__(self, folder: Path, port: int, tls: Tls | None, address: DeviceAddress = ADDRESS, **more: str) -> None:
        self.outbox = Outbox(folder / "spool", address, SpoolLimits(8 << 20, 1 << 20), SystemClock(), window_s=0)
        told = {"host": "localhost", "port": port, "state_period_s": 1.0, "tls": tls, **more}
        self.uplink = Uplink(self.outbox, address, UplinkSettings.model_validate(told), announcements("x"), pace=PACE)

    def __enter__(self) -> Station:  # noqa: PYI034 - Self is not in Python 3.10
        self.outbox.start()
        self.uplink.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.uplink.stop()
        assert self.outbox.stop()


def test_station_and_receiver_speak_tls_with_certificates_of_their_own(tmp_path: Path, plant: Authority) -> None:
    with broker(tmp_path, *settings_of(plant)) as port, Station(tmp_path, port, plant.tls_of("station-1")) as station:
        for number in range(20):
            station.outbox.offer(alert(part=f"part-{number}"))
        done = listen(port, tmp_path, "--quiet", "--count", "20", *options_of(plant.tls_of("receiver")))
        assert done.returncode == 0, done.stderr
        assert "stored 20, lost: 0" in done.stderr
        assert station.outbox.drained(PATIENCE_S)
    assert "u'receiver'" in (tmp_path / "broker.log").read_text()


def test_a_broker_of_another_authority_is_refused_and_said_why(
    tmp_path: Path, plant: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with broker(tmp_path, *settings_of(plant)) as port:
        done = listen(
            port, tmp_path, "--quiet", "--give-up-after", "0", *options_of(plant.tls_of("receiver", stranger))
        )
        assert done.returncode != 0
        assert "certificate verify failed" in done.stderr
        assert "is the authority (ca) the one that signed the broker" in done.stderr
        with Station(tmp_path, port, plant.tls_of("station-1", stranger)) as station:
            station.outbox.append(alert())
            wait_for(lambda: "is the authority (ca) the one that signed the broker" in caplog.text)
            assert station.uplink.counters.sessions == 0
            assert not station.outbox.drained(0)


def test_a_station_with_a_certificate_of_another_authority_is_not_let_in(
    tmp_path: Path, plant: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with broker(tmp_path, *settings_of(plant)) as port:
        with Station(tmp_path, port, stranger.tls_of("station-1", plant)) as station:
            station.outbox.append(alert())
            wait_for(lambda: "alerts wait in the spool" in caplog.text)
            assert station.uplink.counters.sessions == 0
            assert not station.outbox.drained(0)
        assert "a certificate that it trusts" in caplog.text


def test_a_client_without_tls_is_not_let_in(tmp_path: Path, plant: Authority) -> None:
    with broker(tmp_path, *settings_of(plant)) as port:
        done = listen(port, tmp_path, "--quiet", "--give-up-after", "0")
        assert done.returncode != 0
        assert "does it want TLS" in done.stderr
