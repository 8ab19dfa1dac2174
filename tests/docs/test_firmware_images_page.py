"""The commands on the page about firmware images run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from lepton.cli import main as lepton
from tests.fakes.firmware_images import esp, program
from tests.system.required import require_tool

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "firmware-images.md").read_text("utf-8")


@pytest.fixture
def done(tmp_path, monkeypatch):
    """What each command of the page printed."""
    require_tool("openssl")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.bin").write_bytes(esp())
    (tmp_path / "program.bin").write_bytes(program(600))
    printed = {}
    for line in "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines():
        name, *arguments = shlex.split(line)
        if name == "openssl":
            subprocess.run([name, *arguments], check=True, capture_output=True)
        elif name == "lepton":
            result = CliRunner().invoke(lepton, arguments)
            assert result.exit_code == 0, result.output
            printed[line] = result.output
    return printed


def test_a_damaged_image_is_refused_in_the_words_that_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    damaged = bytearray(esp())
    damaged[200] ^= 1
    (tmp_path / "gate.bin").write_bytes(damaged)
    refused = CliRunner().invoke(lepton, ["firmware", "image", "gate.bin"])
    assert refused.exit_code == 2
    assert refused.output.strip() in PAGE


def test_every_command_runs_and_prints_what_is_shown(done):
    shown = re.search(r"```text\n(.*?)…", PAGE, re.DOTALL)[1].splitlines()
    assert done["lepton firmware image gate.bin"].splitlines()[: len(shown)] == shown
    assert "signed by this key" in done["lepton firmware image signed.bin --key public.pem"]
