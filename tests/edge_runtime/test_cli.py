from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from edge_contracts.topics import DeviceAddress
from edge_runtime.cli import run
from edge_runtime.infer.isolated.process_backend import BackendDied
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from tests.fakes.models import BundleRecipe
from tests.fakes.stations import DEFECT_LEVEL, FOLDER, GOOD_LEVEL, write_parts, write_station

pytestmark = pytest.mark.live

PATIENCE_S = 60
F_SETPIPE_SZ = 1031
"""Of Linux's fcntl.h; Python names it from 3.10 on where its C library does."""
LEPTON = [sys.executable, "-c", "from lepton.cli import main; main()"]
ENDLESS = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.3 }\n'
)


def lepton_run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*LEPTON, "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    return tmp_path


def test_verdicts_are_json_lines_and_the_end_is_a_summary(folder: Path) -> None:
    done = lepton_run(write_station(folder), "--json")
    assert done.returncode == 0
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["good", "defect"]
    assert "1 good, 1 defect, 0 unknown; 1 alerts spooled" in done.stderr.splitlines()[-1]


def test_quiet_logs_only_what_is_not_good(folder: Path) -> None:
    told = lepton_run(write_station(folder), "--quiet").stderr
    assert "01.png: defect" in told
    assert "00.png" not in told


def test_a_wrong_configuration_is_code_2_and_writes_nothing(folder: Path) -> None:
    done = lepton_run(write_station(folder, FOLDER + "threshhold = 1\n"))
    assert done.returncode == 2
    assert "did you mean 'threshold'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "state").exists()


def test_a_missing_configuration_is_code_2(tmp_path: Path) -> None:
    assert lepton_run(tmp_path / "gone.toml").returncode == 2


def test_a_bundle_that_is_none_is_code_2_and_writes_nothing(folder: Path) -> None:
    station = write_station(folder)
    (folder / "part.bundle").write_text("no bundle")
    done = lepton_run(station)
    assert done.returncode == 2
    assert "wanted a bundle" in done.stderr
    assert not (folder / "state").exists()


def test_goldens_that_are_answered_otherwise_are_code_1(folder: Path) -> None:
    assert lepton_run(write_station(folder, recipe=BundleRecipe(golden_score=0.9))).returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly_after_it_was_ready(folder: Path, number: signal.Signals) -> None:
    station, address = write_station(folder, ENDLESS, deadline_ms=200), str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(PATIENCE_S)
        environment = os.environ | {"NOTIFY_SOCKET": address}
        with subprocess.Popen(
            [*LEPTON, "run", str(station)], env=environment, stderr=subprocess.PIPE, text=True
        ) as daemon:
            assert manager.recv(1024).startswith(b"READY=1")
            daemon.send_signal(number)
            _, told = daemon.communicate(timeout=PATIENCE_S)
        said = [manager.recv(1024).partition(b"\n")[0]]
        while said[-1] != b"STOPPING=1":
            said.append(manager.recv(1024).partition(b"\n")[0])
    assert daemon.returncode == 0
    assert "lepton: stopped:" in told
    assert set(said[:-1]) <= {b"WATCHDOG=1"}


def test_a_log_that_nobody_reads_does_not_keep_the_daemon_from_ending(folder: Path) -> None:
    endless = 'source = { kind = "folder", path = "parts", repeat = true }\n'
    command = [*LEPTON, "run", str(write_station(folder, endless))]
    hears, tells = os.pipe()
    fcntl.fcntl(tells, F_SETPIPE_SZ, select.PIPE_BUF)
    with subprocess.Popen(command, stderr=tells) as daemon:
        os.close(tells)
        until_s = time.monotonic() + PATIENCE_S
        while waiting_bytes(hears) < select.PIPE_BUF / 2:
            assert time.monotonic() < until_s
            threading.Event().wait(0.05)
        daemon.send_signal(signal.SIGTERM)
        try:
            assert daemon.wait(PATIENCE_S) == 0
        finally:
            daemon.kill()
            os.close(hears)


def waiting_bytes(pipe: int) -> int:
    found = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, found)
    return int.from_bytes(found, sys.byteorder)


def test_a_disk_that_refuses_at_the_start_is_code_3(folder: Path) -> None:
    (folder / "state" / "spool.sqlite").mkdir(parents=True)
    done = lepton_run(write_station(folder))
    assert done.returncode == 3
    assert "lepton: wanted to open the spool in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_daemon_on_one_state_folder_is_code_2(folder: Path) -> None:
    (folder / "state").mkdir()
    holder = Outbox(
        folder / "state" / "spool.sqlite", DeviceAddress("acme", "north", "line-1"), SpoolLimits(), SystemClock()
    )
    holder.start()
    try:
        done = lepton_run(write_station(folder))
    finally:
        assert holder.stop(PATIENCE_S)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_spool_that_somebody_reads_at_the_start_is_code_3_and_then_no_hindrance(folder: Path) -> None:
    station = write_station(folder)
    assert lepton_run(station).returncode == 0
    with closing(sqlite3.connect(folder / "state" / "spool.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
        done = lepton_run(station)
    assert done.returncode == 3
    assert "found another program reading it" in done.stderr
    assert "Traceback" not in done.stderr
    assert lepton_run(station).returncode == 0


def test_a_file_in_the_place_of_the_evidence_is_code_2(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "evidence").write_text("in the way")
    done = lepton_run(write_station(folder))
    assert done.returncode == 2
    assert "wanted a writable folder for evidence at" in done.stderr


def test_help_loads_neither_opencv_nor_numpy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from edge_runtime.cli import run;"
        "assert CliRunner().invoke(run, ['--help']).exit_code == 0;"
        "print(sorted({'cv2', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_whose_process_dies_while_it_loads_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **_more: object) -> NoReturn:
        raise BackendDied("wanted a loaded model, found that its process died of SIGKILL")

    write_parts(tmp_path / "parts", [100])
    monkeypatch.setattr("edge_runtime.model_loading.IsolatedBackend", dies)
    done = CliRunner().invoke(run, [str(write_station(tmp_path))])
    assert (done.exit_code, "died of SIGKILL" in done.output) == (3, True)


def test_a_reload_that_is_asked_for_while_the_daemon_starts_does_not_end_it(folder: Path) -> None:
    with subprocess.Popen(
        [*LEPTON, "run", write_station(folder, ENDLESS, deadline_ms=200), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as daemon:
        assert daemon.stdout is not None
        until_s = time.monotonic() + PATIENCE_S
        while not select.select([daemon.stdout], [], [], 0.02)[0]:
            assert time.monotonic() < until_s
            if catches(daemon.pid, signal.SIGHUP):
                daemon.send_signal(signal.SIGHUP)
        assert json.loads(daemon.stdout.readline())["outcome"] == "good"
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE_S) == 0


def catches(pid: int, number: int) -> bool:
    """Whether a process handles a signal (proc_pid_status(5))."""
    status = (Path(f"/proc/{pid}") / "status").read_text("utf-8")
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1)
