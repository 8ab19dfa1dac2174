"""The doctor's talk with real brokers: versions, TLS, access control, and a session that it must not disturb."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from test_tls import Station, plant, settings_of
from test_uplink import broker, wait_for

from edge_runtime.clock import MonotonicClock
from edge_runtime.config import load_station
from edge_runtime.doctor import broker as doctor
from edge_runtime.doctor.finding import Standing
from edge_runtime.doctor.patient import Patient
from edge_runtime.doctor.round import examine
from edge_runtime.uplink.link_settings import link_options
from fleet_manager.loopback_broker import loopback_broker
from tests.fakes.stations import GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

    from test_tls import Authority

    from edge_runtime.doctor.finding import Finding

pytestmark = pytest.mark.system
assert plant is not None


def asked(folder: Path, port: int, more: str = "", host: str = "127.0.0.1") -> list[Finding]:
    write_parts(folder / "parts", [GOOD_LEVEL])
    uplink = f'[uplink]\nhost = "{host}"\nport = {port}\n{more}'
    station = write_station(folder, more=uplink)
    return list(examine(Patient(load_station(station), station, MonotonicClock()), ("broker",)))


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_message_goes_to_the_broker_and_back(tmp_path: Path, version: str) -> None:
    with broker(tmp_path) as port:
        (finding,) = asked(tmp_path, port, f'mqtt = "{version}"\n')
    assert finding.standing is Standing.OK
    assert f"MQTT {version}, plain text; lepton/1/acme/north/line-1/doctor and back in" in finding.found


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_an_acl_that_does_not_let_the_board_speak_is_found(tmp_path: Path, version: str) -> None:
    (tmp_path / "acl").write_text("topic read lepton/1/acme/north/line-1/#\n")
    with broker(tmp_path, f"acl_file {tmp_path / 'acl'}", "user root") as port:
        (finding,) = asked(tmp_path, port, f'mqtt = "{version}"\n')
    assert finding.standing is Standing.FAILED
    assert "pattern readwrite" in finding.next_step


def test_a_wrong_password_is_found(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("wrong")
    (tmp_path / "passwords").write_text("line-1:$7$101$AAAA$AAAA\n")
    lines = ("allow_anonymous false", f"password_file {tmp_path / 'passwords'}", "user root")
    with broker(tmp_path, *lines) as port:
        (finding,) = asked(tmp_path, port, f'username = "line-1"\npassword_file = "{tmp_path / "secret"}"\n')
    assert finding.standing is Standing.FAILED
    assert "check user, password and certificate" in finding.found


def test_certificates_are_dated_and_a_connected_daemon_stays_connected(tmp_path: Path, plant: Authority) -> None:
    tls = plant.tls_of("station-1")
    table = f'[uplink.tls]\nca = "{tls.ca}"\ncertificate = "{tls.certificate}"\nkey = "{tls.key}"\n'
    with broker(tmp_path, *settings_of(plant)) as port, Station(tmp_path, port, tls) as station:
        wait_for(lambda: station.uplink.counters.connected)
        *ends, name, spoken = asked(tmp_path, port, table, "localhost")
        assert station.uplink.counters.sessions == 1
        assert station.uplink.counters.connected
    assert [end.standing for end in ends] == [Standing.WARNING, Standing.WARNING]
    assert all("in 29 days" in end.found for end in ends)
    assert name.standing is Standing.WARNING
    assert "is made out to 'station-1', this station is 'line-1'" in name.found
    assert spoken.standing is Standing.OK
    assert "MQTT 5, TLS" in spoken.found


def test_a_broker_that_leaves_mqtt_5_unanswered_is_spoken_to_in_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "link_options", lambda *told: replace(link_options(*told), timeout_s=1.0))
    pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")
    with loopback_broker(tmp_path, "amqtt") as embedded:
        (finding,) = asked(tmp_path, embedded.port)
    assert finding.standing is Standing.OK
    assert 'MQTT 3.1.1 (not 5: say mqtt = "3.1.1" under [uplink]), plain text' in finding.found


def test_a_broker_that_is_not_there_is_found_and_named(tmp_path: Path) -> None:
    (finding,) = asked(tmp_path, 1)
    assert finding.standing is Standing.FAILED
    assert "127.0.0.1:1" in finding.found
