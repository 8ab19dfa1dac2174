"""The station of the lab: a folder of parts on TFLite and on ONNX Runtime, good ones and defects."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.onnx_models import write_onnx_bundle
from tests.fakes.pictures import picture, write_picture
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, THRESHOLD
from tests.lab.debian import REPOSITORY

if TYPE_CHECKING:
    from tests.lab.systemd.device import Device

HOME = "/etc/lepton-edge"
LARGE_MODEL = "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite"
LEVELS = (GOOD_LEVEL, GOOD_LEVEL, DEFECT_LEVEL)

STATION = """
[station]
org = "acme"
site = "north"
device = "line-1"
state_folder = "/var/lib/lepton-edge"

[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = 200
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "interval", interval_s = 0.3 }

[[points]]
name = "exit"
bundle = "bright.bundle"
deadline_ms = 200
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "interval", interval_s = 0.3 }
"""


def install_station(device: Device) -> list[str]:
    """Write bundles, pictures and configuration to the board; the paths of a probe's models."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_brightness_bundle(folder / "part.bundle", BundleRecipe(threshold=THRESHOLD))
        write_onnx_bundle(folder / "bright.bundle")
        for number, level in enumerate(LEVELS):
            write_picture(folder / f"{number}.png", picture(level, seed=number))
            device.write(f"{HOME}/parts/{number}.png", (folder / f"{number}.png").read_bytes())
        for name in ("part.bundle", "bright.bundle"):
            device.write(f"{HOME}/{name}", (folder / name).read_bytes())
    device.write(f"{HOME}/station.toml", STATION.encode())
    models = [f"{HOME}/part.bundle", f"{HOME}/bright.bundle"]
    data = Path(os.environ.get("LEPTON_DATA", REPOSITORY.parent / "shared" / "data"))
    if (data / LARGE_MODEL).is_file():
        device.write(f"{HOME}/large.tflite", (data / LARGE_MODEL).read_bytes())
        models.append(f"{HOME}/large.tflite")
    return models
