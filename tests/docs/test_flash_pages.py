"""Every command on the pages about flashing runs as it stands there, against a model of its chip."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_tools.flash import build
from firmware_tools.flash.end_state import MEANINGS
from firmware_tools.flash.families import FAMILIES
from firmware_tools.flash.wiring import WIRINGS
from firmware_tools.image import parse_image
from lepton.cli import main as lepton
from tests.fakes.firmware_images import intel_hex, key, pem
from tests.fakes.flash_benches import FLASHERS, HERE, bench

pytestmark = pytest.mark.slow

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"


def commands(page):
    text = "".join(re.findall(r"```sh\n(.*?)```", (HOW_TO / page).read_text("utf-8"), re.DOTALL))
    return [line for line in text.splitlines() if line.startswith("lepton firmware flash ")]


CASES = [(family, line) for family in FAMILIES for line in commands(f"flash-{family}.md")]


@pytest.mark.parametrize(("family", "line"), CASES)
def test_a_command_of_a_page_runs(family, line, tmp_path, monkeypatch):
    made = bench(family, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("gate.bin", "gate.uf2"):
        Path(name).write_bytes(made.image.content)
    Path("gate.hex").write_bytes(intel_hex(made.image.content))
    with made.chip() as chip:
        for name, value in made.environment(chip).items():
            monkeypatch.setenv(name, value)
        if family == "stm32":
            chip.swapped = "--swap-lines" in line
            monkeypatch.setattr(build, "find_program", lambda _: [sys.executable, str(HERE / "stm32loader_on_pty.py")])
        done = CliRunner().invoke(lepton, [*shlex.split(line)[1:], *at(family, chip, line)])
    assert done.exit_code == 0, done.output
    assert "state   " in done.output
    if family != "esp32" or "--address" not in line:
        assert made.held(chip) == ("new" if "--write" in line else "old")


def at(family, chip, line):
    """The model's place; the last `--port` counts. A pty has no lines to reset by, and no processor to load a stub."""
    by_hand = ["--no-stub", *([] if "--by-hand" in line else ["--by-hand"])] if family == "esp32" else []
    return ["--port", chip.path, *by_hand]


def test_every_page_has_a_picture_and_a_command_that_writes():
    assert set(WIRINGS) == set(FAMILIES) == set(FLASHERS)
    for family in FAMILIES:
        text = (HOW_TO / f"flash-{family}.md").read_text("utf-8")
        assert f"../pictures/wiring-{family}.svg" in text
        assert any("--write" in line for line in commands(f"flash-{family}.md"))


def test_the_page_tells_every_state_in_its_own_words():
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \|$", (HOW_TO / "flash.md").read_text("utf-8"), re.MULTILINE)
    told = [row for row in rows if row[0] not in FAMILIES]
    assert told == [(state.value, meaning.sentence, meaning.next_step) for state, meaning in MEANINGS.items()]


def test_the_page_on_mcuboot_signs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("zephyr.bin").write_bytes(bytes(0x200) + b"program" * 40)
    Path("key.pem").write_bytes(pem(key()))
    Path("public.pem").write_bytes(pem(key(), public=True))
    text = (HOW_TO / "flash-mcuboot.md").read_text("utf-8")
    for line in re.findall(r"^lepton firmware (?:sign|image) .*$", text, re.MULTILINE):
        assert CliRunner().invoke(lepton, shlex.split(line)[1:]).exit_code == 0
    assert parse_image(Path("gate.bin").read_bytes()).version == "1.2.3"
