"""A tool's environment is made once, whole or not at all, and mended when it was damaged."""

import subprocess
import zipfile

import pytest

from converters.load.tool_environment import ToolEnvironment, ToolMissingError, tool_python, tools_folder
from edge_contracts.errors import BadInputError

pytestmark = pytest.mark.slow

TINY = ToolEnvironment("tiny", (("tiny-tool", "1.0"),), ("tiny_tool",), installed_mb=20, packages=1)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of wheels that stands for the package index; pip asks no other."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return folder


def put_wheel(shelf):
    about = "tiny_tool-1.0.dist-info"
    with zipfile.ZipFile(shelf / "tiny_tool-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_tool.py", "ANSWER = 42\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-tool\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")


def test_it_is_made_once_used_again_and_mended_when_it_was_damaged(shelf, tmp_path, caplog):
    put_wheel(shelf)
    root, told = tmp_path / "tools", []
    python = tool_python(TINY, lambda stage, done: told.append((stage, done)), root)
    answer = subprocess.run(
        [python, "-c", "import tiny_tool; print(tiny_tool.ANSWER)"], capture_output=True, check=True
    )
    assert answer.stdout.strip() == b"42"
    assert told[-1] == ("install tiny", 1.0)
    assert "installing tiny-tool 1.0 (about 20 MB)" in caplog.text
    assert tool_python(TINY, root=root) == python
    assert caplog.text.count("installing") == 1

    next(root.rglob("tiny_tool.py")).unlink()
    assert tool_python(TINY, root=root) == python
    assert "again, for it was damaged" in caplog.text
    assert next(root.rglob("tiny_tool.py")).is_file()
    assert [entry.name for entry in root.iterdir() if entry.name != ".lock"] == [TINY.folder_name]


@pytest.mark.usefixtures("shelf")
def test_without_a_network_it_says_what_to_do_and_leaves_nothing(tmp_path):
    root = tmp_path / "tools"
    with pytest.raises(ToolMissingError, match=r"(?s)No matching distribution.*export the model to TFLite or ONNX"):
        tool_python(TINY, root=root)
    assert [entry.name for entry in root.iterdir()] == [".lock"]


def test_a_full_disk_is_told_before_anything_is_installed(tmp_path):
    huge = ToolEnvironment("huge", (("huge-tool", "1.0"),), ("huge_tool",), installed_mb=1 << 40, packages=1)
    with pytest.raises(BadInputError, match=r"wanted .* MB of disk for huge .* make room, or set LEPTON_TOOLS"):
        tool_python(huge, root=tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInputError, match="set LEPTON_TOOLS to one that can"):
        tool_python(TINY, root=tmp_path / "file" / "tools")


def test_the_folder_is_named_by_the_user_or_by_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("LEPTON_TOOLS", raising=False)
    assert tools_folder() == tmp_path / "lepton" / "tools"
    monkeypatch.setenv("LEPTON_TOOLS", str(tmp_path / "mine"))
    assert tools_folder() == tmp_path / "mine"
