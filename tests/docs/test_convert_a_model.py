"""The how-to does what it says: its commands in one shell, its Python in the folder that they leave."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tests.fakes.onnx_models import brightness_classifier
from tests.fakes.pictures import picture, write_picture

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "how-to" / "convert-a-model.md").read_text("utf-8")
LABELS = ("dark", "bright")
PICTURES = 12
SIDE_PX = 32


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The files that the page speaks of, and what its commands left and printed."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "part.onnx").write_bytes(_for_pictures(brightness_classifier()))
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n", "utf-8")
    for index in range(PICTURES):
        label = LABELS[index % 2]
        (folder / "pictures" / label).mkdir(parents=True, exist_ok=True)
        level = (40 if label == "dark" else 200) + 2 * index
        write_picture(folder / "pictures" / label / f"{index}.png", picture(level, seed=index))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [shutil.which("bash"), "-c", "set -eu\n" + "\n".join(blocks("sh"))],
        cwd=folder,
        env=os.environ | {"PATH": path, "LEPTON_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder, done.stdout


def _for_pictures(content):
    """The same classifier for a larger picture; it takes means, so any size will do."""
    model = onnx.load_model_from_string(content)
    for axis in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = SIDE_PX
    return model.SerializeToString()


def test_the_commands_convert_compare_and_unpack(workshop):
    folder, printed = workshop
    assert "goldens within tolerance" in printed
    assert "passed on 12 pictures" in printed
    assert "100.00 %" in printed
    assert (folder / "part-report" / "report.html").read_text("utf-8").lstrip().startswith("<!")
    assert (folder / "part" / "manifest.json").is_file()


def test_the_python_makes_the_bundle_again(workshop):
    folder, _ = workshop
    script = "\n".join(blocks("python"))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert printed[0].endswith(" passed")
    assert "verify 100%" in printed
    assert all(f"{step} reused in " in printed[-1] for step in ("load", "quantize", "verify"))


def test_every_section_of_the_report_that_is_named_exists():
    named = re.findall(r"^\| ([A-Z][^|]*) \| ", PAGE.partition("## Read the report")[2], re.MULTILINE)
    templates = REPOSITORY / "converters" / "report" / "templates"
    known = "".join(path.read_text("utf-8") for path in templates.glob("*.j2"))
    for name in ", ".join(named).split(", "):
        assert f'"{name}")' in known, name
