"""Clock, disk, unit and certificate: what each reading means."""

from __future__ import annotations

import os
import ssl
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edge_contracts.station import StationConfig
from edge_runtime.doctor import board_clock, certificate_file, service_unit, state_disk
from edge_runtime.doctor.certificate_end import certificate_end, common_name
from edge_runtime.doctor.finding import Standing
from tests.system.required import require_tool

UTC = timezone.utc
TOLD = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "Type": "notify",
    "WatchdogUSec": "10s",
    "SupplementaryGroups": "video dialout",
    "ExecStart": "{ path=/opt/bin/lepton ; argv[]=/opt/bin/lepton run /etc/lepton-edge/station.toml ; }",
}
STATION = Path("/etc/lepton-edge/station.toml")
MOUNTS = """\
/dev/root / ext4 rw,noatime 0 0
/dev/mmcblk0p3 /var/lib ext4 ro,noatime 0 0
tmpfs /var/library tmpfs rw 0 0
/dev/sda1 /my\\040disk ext4 rw 0 0
"""


@pytest.mark.parametrize(("year", "standing"), [(1970, "failed"), (2024, "failed"), (2026, "ok"), (2099, "failed")])
def test_a_board_that_believes_to_live_in_another_time_is_told(year: int, standing: str) -> None:
    assert board_clock.judge_year(datetime(year, 5, 1, tzinfo=UTC)).standing.value == standing


@pytest.mark.parametrize(("reading", "standing"), [(True, "ok"), (False, "warning"), (None, "skipped")])
def test_a_clock_that_nobody_keeps_is_a_warning(*, reading: bool | None, standing: str) -> None:
    assert board_clock.judge_synchronisation(reading).standing.value == standing


def test_the_kernel_answers_whether_it_is_synchronised() -> None:
    assert board_clock.is_synchronised() in {True, False}


@pytest.mark.parametrize(
    ("folder", "point"),
    [
        ("/home/me", "/"),
        ("/var/lib/lepton-edge", "/var/lib"),
        ("/var/library/x", "/var/library"),
        ("/my disk/a", "/my disk"),
    ],
)
def test_a_folder_lies_on_the_nearest_mount_above_it(folder: str, point: str) -> None:
    assert state_disk.mount_of(Path(folder), MOUNTS).point == point
    assert ("ro" in state_disk.mount_of(Path(folder), MOUNTS).options) is (point == "/var/lib")


def test_every_quota_of_the_file_counts() -> None:
    station = {"org": "a", "site": "b", "device": "c"}
    point = {"name": "gate", "bundle": "b", "source": {"kind": "folder", "path": "p"}}
    tables = {"spool": {"max_bytes": 3 << 20}, "evidence": {"max_bytes": 2 << 20}}
    config = StationConfig.model_validate({"station": station, "points": [point], **tables})
    assert state_disk.quota_bytes(config.model_copy()) >= 5 << 20
    smaller = config.model_copy(update={"spool": config.spool.model_copy(update={"max_bytes": 1 << 20})})
    assert state_disk.quota_bytes(config) - state_disk.quota_bytes(smaller) == 2 << 20


def test_quotas_that_do_not_fit_on_the_disk_are_a_warning(tmp_path: Path) -> None:
    figures = os.statvfs(tmp_path)
    free_bytes = figures.f_bavail * figures.f_frsize
    assert state_disk.judge_room(tmp_path, free_bytes // 2, 0).standing is Standing.OK
    assert state_disk.judge_room(tmp_path, free_bytes * 2, 0).standing is Standing.WARNING
    assert state_disk.judge_room(tmp_path, free_bytes * 2, free_bytes * 2).standing is Standing.OK


def test_a_slow_disk_is_a_warning() -> None:
    assert state_disk.judge_syncs([1.0] * 20).standing is Standing.OK
    assert state_disk.judge_syncs([1.0] * 5 + [300.0] * 15).standing is Standing.WARNING


def test_a_folder_that_is_not_there_yet_is_looked_for_above(tmp_path: Path) -> None:
    assert state_disk.nearest_existing(tmp_path / "state" / "deep") == tmp_path


def standings(**changes: str) -> list[str]:
    return [finding.standing.value for finding in service_unit.judge_unit(TOLD | changes, {"rtsp"}, STATION)]


def test_the_unit_of_the_house_is_in_order() -> None:
    assert set(standings()) == {"ok"}


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"WatchdogUSec": "infinity"}, "failed"),
        ({"UnitFileState": "disabled"}, "warning"),
        ({"Type": "simple"}, "warning"),
        ({"ExecStart": "{ argv[]=/opt/bin/lepton run /home/me/other.toml ; }"}, "warning"),
        ({"LoadState": "not-found"}, "warning"),
    ],
)
def test_a_unit_that_is_not_in_order_is_told(changes: dict[str, str], standing: str) -> None:
    assert standings(**changes).count(standing) == 1


def test_a_camera_needs_its_group() -> None:
    told = TOLD | {"SupplementaryGroups": "dialout"}
    (trouble,) = [one for one in service_unit.judge_unit(told, {"v4l2"}, STATION) if one.standing is not Standing.OK]
    assert (trouble.standing, trouble.wanted) == (Standing.FAILED, "the group video")


@pytest.mark.parametrize(("days", "standing"), [(-1, "failed"), (10, "warning"), (90, "ok")])
def test_a_certificate_that_ends_soon_is_told(days: int, standing: str) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    end = datetime.fromtimestamp(now.timestamp() + days * 86_400, UTC)
    assert certificate_file.judge_end("broker", "board.crt", end, now).standing.value == standing


@pytest.mark.parametrize("text", ["", "no certificate", ssl.DER_cert_to_PEM_cert(b"\x30\x03\x02\x01\x01")])
def test_what_is_no_certificate_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="wanted a certificate"):
        certificate_end(text)
    with pytest.raises(ValueError, match="wanted a certificate"):
        common_name(text)


@pytest.mark.parametrize(("subject", "name"), [("/O=Plant/CN=line-1/OU=Hall", "line-1"), ("/O=Plant", "")])
def test_a_certificate_names_its_station(tmp_path: Path, subject: str, name: str) -> None:
    new = [
        require_tool("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    files = ["-keyout", tmp_path / "own.key", "-out", tmp_path / "own.pem"]
    subprocess.run([*new, "-subj", subject, *files], check=True, capture_output=True, timeout=30)
    assert common_name((tmp_path / "own.pem").read_text("ascii")) == name
