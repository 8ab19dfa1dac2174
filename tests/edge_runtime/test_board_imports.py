"""The daemon needs on the board what the board installs, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.fakes.models import write_brightness_bundle
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60

BOARD_ONLY = """
import sys
from importlib.abc import MetaPathFinder

BARRED = {"rich", "jinja2", "onnx", "onnxruntime", "flatbuffers", "amqtt", "serial", "gpiod", "pymodbus",
          "tqdm", "hypothesis", "pytest",
          "psutil", "ml_dtypes", "converters", "training", "fleet_manager", "PIL", "scipy", "matplotlib",
          "starlette", "uvicorn"}

class Bar(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BARRED:
            raise ModuleNotFoundError(f"{name} is not on the board", name=name)

sys.meta_path.insert(0, Bar())
from lepton.cli import main
main()
"""


def run_on_a_board(station: Path) -> subprocess.CompletedProcess[str]:
    return lepton_on_a_board("run", "--json", str(station))


def lepton_on_a_board(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BOARD_ONLY, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_the_whole_daemon_runs_without_page_report_and_progress_libraries(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    station = write_station(tmp_path, more='[uplink]\nhost = "127.0.0.1"\nport = 1\n')
    done = run_on_a_board(station)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["good", "defect"]


def test_a_station_without_page_and_broker_loads_nothing_of_either(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    told = """
import atexit, sys
UNASKED = ("edge_runtime.web", "edge_runtime.uplink.", "paho")
atexit.register(lambda: print(sorted(name for name in sys.modules if name.startswith(UNASKED))))
from lepton.cli import main
main()
"""
    command = [sys.executable, "-c", told, "run", "--quiet", str(write_station(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_a_bundle_is_inspected_and_verified_without_the_converter(tmp_path: Path) -> None:
    bundle = str(tmp_path / "part.bundle")
    write_brightness_bundle(tmp_path / "part.bundle")
    assert lepton_on_a_board("bundle", "inspect", bundle).returncode == 0
    assert "it loads" in lepton_on_a_board("bundle", "verify", bundle).stdout
    listed = lepton_on_a_board("bundle", "--help").stdout
    assert all(name in listed for name in ("inspect", "verify", "diff", "extract"))
