"""A station with an ONNX classifier judges as one with TFLite does."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main
from tests.fakes.onnx_models import write_onnx_bundle

STATION = """
[station]
org = "acme"
site = "berlin"
device = "jetson-1"

[[points]]
name = "gate"
bundle = "part.bundle"
runtime = "{runtime}"
source = {{ kind = "folder", path = "parts" }}
"""


@pytest.fixture
def station(tmp_path):
    write_onnx_bundle(tmp_path / "part.bundle")
    (tmp_path / "parts").mkdir()
    texture = np.random.default_rng(0).integers(-12, 13, (48, 64, 3))
    for name, level in (("a-bright", 200), ("b-dark", 50), ("c-between", 130)):
        cv2.imwrite(str(tmp_path / "parts" / f"{name}.png"), (texture + level).astype(np.uint8))
    path = tmp_path / "station.toml"
    path.write_text(STATION.format(runtime="onnx"))
    return path


def test_bright_is_good_dark_is_a_defect_and_doubt_is_unknown(station):
    said = CliRunner().invoke(main, ["run", str(station), "--json"])
    assert said.exit_code == 0, said.output
    verdicts = [json.loads(line) for line in said.stdout.splitlines()]
    assert [(verdict["outcome"], verdict["cause"]) for verdict in verdicts] == [
        ("good", "clean"),
        ("defect", "threshold"),
        ("unknown", "unsure"),
    ]
    assert verdicts[0]["label"] == "bright"


def test_a_runtime_that_cannot_run_onnx_is_refused_at_the_start(station):
    station.write_text(STATION.format(runtime="litert"))
    said = CliRunner().invoke(main, ["run", str(station)])
    assert said.exit_code == 2
    assert "lepton: wanted a runtime for onnx (onnx), found 'litert' asked for; ask for one of these" in said.output
