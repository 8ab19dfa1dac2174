"""The commands of the page on models for microcontrollers run as they stand, and its refusals are those of the code."""

import os
import re
import subprocess
import sys
from pathlib import Path

from converters.tflite import write_tflite
from tests.fakes.micro_bundles import micro_bundle
from tests.fakes.models import brightness_graph

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "how-to" / "microcontroller-model.md").read_text("utf-8")


def test_the_commands_write_every_file_that_the_page_names(tmp_path):
    micro_bundle(write_tflite(brightness_graph()), tmp_path / "press.bundle", goldens=1)
    script = "set -eu\n" + "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stems = {"model", "model_resolver", "model_selftest", "model_goldens"}
    assert {path.stem for path in (tmp_path / "press-c").iterdir()} == stems
    assert all(f"`{stem}.h`" in PAGE for stem in stems)


def test_what_the_page_says_of_refusals_is_in_the_code():
    folders = (REPOSITORY / "firmware_tools" / "carray", REPOSITORY / "device_profiles" / "placement")
    code = "".join(path.read_text("utf-8") for folder in folders for path in folder.glob("*.py"))
    for words in (
        "wanted axes of at least 1",
        "beyond that nobody says",
        "wanted goldens to test the model with",
        "wanted a new or empty folder",
    ):
        assert words in PAGE
        assert words in code
