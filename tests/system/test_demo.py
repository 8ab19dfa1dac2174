"""`make demo` tells the truth, with either broker, and cleans up after itself."""

import json
import subprocess
import sys

import pytest

from edge_contracts.bundle import read_bundle
from tests.system.required import require_tool

pytestmark = [pytest.mark.system, pytest.mark.slow]
LEPTON = [sys.executable, "-m", "lepton"]


def run_demo(folder, *options):
    command = [*LEPTON, "demo", "-o", str(folder), "--parts", "12", "--json", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)


@pytest.fixture(scope="module")
def without_mosquitto(tmp_path_factory):
    """The folder of a demo whose alerts the embedded broker carried, and what it said."""
    folder = tmp_path_factory.mktemp("line") / "demo"
    done = run_demo(folder, "--broker", "amqtt")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_without_mosquitto_the_embedded_broker_carries_the_alerts(without_mosquitto):
    _, said = without_mosquitto
    assert (said["broker"], said["lost"]) == ("amqtt", 0)
    assert said["stored"] == said["alerts"] > 0


def test_the_demo_counts_stores_and_shows(without_mosquitto):
    require_tool("mosquitto")
    folder, before = without_mosquitto
    done = run_demo(folder)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["broker"] == "mosquitto"
    assert (said["parts"], said["unjudged"], said["lost"]) == (12, 0, 0)
    assert said["found"] + said["escapes"] == said["defective"] == 3
    assert said["stored"] == said["alerts"] >= said["found"] - said["unknown"]
    assert said["model_bytes_after"] == len(read_bundle(folder / "part.bundle").model)
    assert len(list((folder / "good").glob("*.jpg"))) == 40
    assert list((folder / "state" / "evidence").rglob("*.jpg"))
    assert (folder / "report.html").exists()
    assert said["found"] == before["found"], "the same seed finds the same defects"


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "wanted an empty folder or an older demo" in done.stderr
    assert precious.read_text() == "mine"
