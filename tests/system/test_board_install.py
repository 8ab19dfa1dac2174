"""The board's install is small, brings no page, report or progress library of ours, and runs the daemon."""

import json
import subprocess

import cv2
import numpy as np
import pytest

from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.system.board_install import make_board_install

pytestmark = [pytest.mark.system, pytest.mark.slow]

NEVER_ON_A_BOARD = {"rich", "jinja2", "onnx", "onnxruntime", "amqtt", "fastapi", "torch", "tensorflow", "jsonschema"}
MOST_DISTRIBUTIONS = 16
MOST_BYTES = 350_000_000

STATION = """
[station]
org = "acme"
site = "berlin"
device = "line-3"

[[points]]
name = "gate"
bundle = "part.bundle"
source = { kind = "folder", path = "parts" }
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    return make_board_install(tmp_path_factory.mktemp("board"))


def test_the_install_is_small_and_brings_nothing_for_people(board):
    assert not NEVER_ON_A_BOARD & {name.lower() for name in board.distributions}
    assert len(board.distributions) <= MOST_DISTRIBUTIONS
    assert board.bytes <= MOST_BYTES


def test_the_daemon_inspects_in_that_install(board, tmp_path):
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(threshold=0.5))
    (tmp_path / "parts").mkdir()
    noise = np.random.default_rng(0).integers(0, 30, (48, 64, 3))
    for name, level in (("a-dim", 60), ("b-bright", 180)):
        cv2.imwrite(str(tmp_path / "parts" / f"{name}.png"), (noise + level).astype(np.uint8))
    (tmp_path / "parts" / "c-broken.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    station = tmp_path / "station.toml"
    station.write_text(STATION)
    done = subprocess.run(
        [board.lepton, "run", station, "--json"], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["outcome"] for verdict in verdicts] == ["good", "defect", "unknown"]


@pytest.mark.parametrize(("command", "extra"), [("convert", "convert"), ("demo", "demo"), ("fleet", "fleet")])
def test_a_command_that_is_not_for_boards_names_its_extra(board, tmp_path, command, extra):
    write_brightness_bundle(tmp_path / "float.bundle", BundleRecipe(changes={"profile": "none"}))
    arguments = {
        "convert": [
            tmp_path / "float.bundle",
            "--profile",
            "rpi-4b",
            "--calibration",
            "random",
            "-o",
            tmp_path / "x.bundle",
        ],
        "demo": ["-o", tmp_path / "demo"],
        "fleet": ["listen", "--store", tmp_path / "alerts.sqlite"],
    }[command]
    done = subprocess.run([board.lepton, command, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"lepton-edge[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
