"""The unit files: systemd understands them, they are shut tight, and the daemon still runs behind what they forbid."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "lepton-edge.service"
FLEET = UNIT.with_name("lepton-fleet.service")
SYSUSERS = UNIT.with_suffix(".sysusers")
PATIENCE_S = 60
EXPOSURE_MAX = 1.6

WITHOUT_WRITABLE_CODE = """
import ctypes, os, sys
# PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN, Linux 6.3: what MemoryDenyWriteExecute=yes forbids.
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
    sys.exit(77)
os.execv(sys.executable, [sys.executable, "-c", "from lepton.cli import main; main()", *sys.argv[1:]])
"""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.mark.parametrize("shipped", [UNIT, FLEET], ids=lambda path: path.stem)
def test_systemd_understands_every_line_of_the_unit(shipped: Path, tmp_path: Path) -> None:
    unit = tmp_path / shipped.name
    unit.write_text(shipped.read_text().replace("/opt/lepton-edge/bin/lepton", sys.executable))
    done = analyze("verify", str(unit))
    assert done.returncode == 0, done.stderr
    assert shipped.name not in done.stderr


@pytest.mark.parametrize("unit", [UNIT, FLEET], ids=lambda path: path.stem)
def test_the_unit_exposes_no_more_than_promised(unit: Path) -> None:
    help_text = analyze("--help").stdout
    if "--offline" not in help_text:
        pytest.skip("needs a systemd-analyze with 'security --offline' (systemd 250)")
    done = analyze("security", "--offline=yes", str(unit))
    overall = next(line for line in done.stdout.splitlines() if "Overall exposure level" in line)
    assert float(overall.rpartition(":")[2].split()[0]) <= EXPOSURE_MAX, done.stdout


def test_what_stations_are_connected_to_stays_open() -> None:
    lines = UNIT.read_text().splitlines()
    for wanted in ("video4linux", "media", "dma_heap", "ttyUSB", "ttyAMA", "gpiochip", "alsa"):
        assert f"DeviceAllow=char-{wanted} rw" in lines
    assert "SupplementaryGroups=video dialout gpio audio" in lines
    assert "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6" in lines
    assert not [line for line in lines if line.startswith(("PrivateDevices=yes", "PrivateNetwork=yes"))]


def test_a_worker_that_dies_or_speaks_up_changes_nothing_for_the_service() -> None:
    lines = UNIT.read_text().splitlines()
    for wanted in ("Type=notify", "NotifyAccess=main", "OOMPolicy=continue", "KillMode=mixed"):
        assert wanted in lines


def test_every_group_that_the_unit_asks_for_is_debian_s_or_made() -> None:
    (groups,) = (
        line.partition("=")[2].split() for line in UNIT.read_text().splitlines() if "SupplementaryGroups" in line
    )
    made = [line.split()[1] for line in SYSUSERS.read_text().splitlines() if line.startswith("g ")]
    assert set(groups) <= {"video", "dialout", "audio", *made}


def test_the_daemon_runs_where_no_memory_may_be_both_written_and_executed(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    command = [sys.executable, "-c", WITHOUT_WRITABLE_CODE, "run", "--json", str(write_station(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode == 77:
        pytest.skip("needs a kernel with PR_SET_MDWE (Linux 6.3)")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["good", "defect"]
