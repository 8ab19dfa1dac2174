"""The unit of the evidence upload: what it refuses, what it says, how it comes and goes, when it gives way."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from edge_contracts.errors import LeptonError
from edge_contracts.station import StationConfig, Upload
from edge_runtime.config import load_station
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.units.running import Running
from edge_runtime.units.upload import ALERTS_FIRST_S, alerts_wait, upload
from edge_runtime.units.upload_metrics import upload_metrics
from edge_runtime.web.metrics_text import metrics_text
from tests.fakes.evidence_server import Cabinet, EvidenceServer
from tests.fakes.letters import ADDRESS, HandClock
from tests.fakes.reloads import Script, at_once, changed, run
from tests.fakes.stations import DEFECT_LEVEL, run_station, write_parts, write_station

NOTHING: Any = None
ENDLESS = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.05 }\n'
)


def station_with(folder: Path, table: str) -> StationConfig:
    write_parts(folder / "parts", [DEFECT_LEVEL])
    return load_station(write_station(folder, more=table))


@pytest.mark.parametrize(
    "url",
    ["ftp://manager", "https://", "https://user:pass@manager", "https://manager/?x=1", "https://manager:70000", "m"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Upload(url=url)


@pytest.mark.parametrize("url", ["https://manager", "http://10.0.0.1:8443", "https://[::1]:8443/fleet/eu"])
def test_addresses_that_are(url: str) -> None:
    assert Upload(url=url).url == url


def test_certificates_without_https_are_refused() -> None:
    with pytest.raises(ValidationError, match="https"):
        Upload.model_validate({"url": "http://manager", "tls": {"ca": "ca.crt"}})


def test_an_upload_of_evidence_that_is_not_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeptonError, match=r"evidence\.enabled is false"):
        station_with(tmp_path, '\n[evidence]\nenabled = false\n[upload]\nurl = "https://manager"\n')


def test_files_that_are_not_there_are_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(LeptonError) as refused:
        station_with(tmp_path, '\n[upload]\nurl = "https://m"\ntoken_file = "none"\n[upload.tls]\nca = "no-ca"\n')
    assert "upload.token_file" in str(refused.value)
    assert "upload.tls.ca" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"two\nlines", "Schlüssel".encode(), b"\xff"])
def test_a_token_that_no_header_can_carry_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    config = station_with(tmp_path, '\n[upload]\nurl = "https://m"\ntoken_file = "token"\n')
    with pytest.raises(LeptonError, match="token"):
        upload(config, NOTHING).prepare()


def test_an_authority_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nothing")
    config = station_with(tmp_path, '\n[upload]\nurl = "https://m"\n[upload.tls]\nca = "ca.crt"\n')
    with pytest.raises(LeptonError, match="PEM"):
        upload(config, NOTHING).prepare()


def test_evidence_gives_way_to_alerts_that_wait_on_a_connected_uplink() -> None:
    def running(*, connected: bool, age_s: float) -> Any:
        uplink = SimpleNamespace(counters=SimpleNamespace(connected=connected))
        return Running(uplink=uplink, outbox=SimpleNamespace(depth=lambda: SimpleNamespace(age_s=age_s)))  # type: ignore[arg-type]

    assert alerts_wait(running(connected=True, age_s=ALERTS_FIRST_S + 1))
    assert not alerts_wait(running(connected=True, age_s=ALERTS_FIRST_S - 1))
    assert not alerts_wait(running(connected=False, age_s=1000.0)), "nothing is being sent that it could hold up"
    assert not alerts_wait(Running())


def test_the_upload_comes_and_goes_by_a_reload_while_the_point_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (stored := tmp_path / "manager").mkdir()
    write_parts(tmp_path / "parts", [DEFECT_LEVEL])
    station = write_station(tmp_path, ENDLESS, deadline_ms=50)
    with EvidenceServer(Cabinet(stored)) as server:
        table = f'\n[upload]\nurl = "http://127.0.0.1:{server.port}"\n'
        script = Script(
            (at_once, lambda: station.write_text(station.read_text() + table)),
            (lambda: any(len(path.name) == 64 for path in stored.iterdir()), changed(station, table, "")),
        )
        summary = run(station, script)
    assert (summary.faults, summary.left_behind) == (0, 0)
    assert "plain text" in caplog.text
    assert caplog.text.count("started anew: the uplink, the evidence upload\n") == 2  # the birth tells of it


def test_a_manager_that_never_answers_costs_no_alert(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_parts(tmp_path / "parts", [DEFECT_LEVEL, DEFECT_LEVEL + 5, DEFECT_LEVEL + 10])
        table = f'\n[upload]\nurl = "http://127.0.0.1:{silent.getsockname()[1]}"\n'
        station = write_station(tmp_path, more=table)
        verdicts, summary = run_station(station)
    assert len(verdicts) == 3
    assert (summary.faults, summary.left_behind) == (0, 0)
    config = load_station(station)
    box = Outbox(Path(config.station.state_folder) / "spool.sqlite", ADDRESS, SpoolLimits(), HandClock())
    assert box.depth().rows == 3
    assert box.stop()


def test_a_station_without_an_upload_has_no_figures_of_it() -> None:
    def told(running: Running) -> list[str]:
        return [each for each in metrics_text(upload_metrics(running), NOTHING).splitlines() if each[0] != "#"]

    assert told(Running()) == []
    running = Running(uploader=SimpleNamespace(behind=3))  # type: ignore[arg-type]
    running.upload_counts.taken = 7
    assert "lepton_upload_taken_total 7" in told(running)
    assert "lepton_upload_behind 3" in told(running)
