"""The commands of the pages on provisioning and watching run as they stand, against chips that are played."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import firmware_tools.link
from lepton.cli import main
from tests.fakes.chip_storage import FakeChip
from tests.fakes.clock import FakeClock

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
CODE = Path(__file__).resolve().parents[2] / "firmware_tools" / "provision"


def page(name):
    return (PAGES / name).read_text("utf-8")


def commands(text):
    found = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return [shlex.split(line) for line in found.splitlines() if line.startswith("lepton ")]


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """The files that the pages speak of, and a chip at each port that is asked for."""
    provision = page("provision-stations.md")
    tray = re.search(r"^```\n(id,port.*?)^```$", provision, re.MULTILINE | re.DOTALL)
    (tmp_path / "tray.csv").write_text(tray.group(1))
    (tmp_path / "cells").mkdir()
    for name in ("cell.json", "cells/12.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "wifi.txt").write_text("correct horse battery\n")
    (tmp_path / "wifi.txt").chmod(0o600)
    chips = {}

    def opened(address, *, baud):
        del baud
        return chips.setdefault(address, FakeChip(f"CHIP-{address[-9:]}", speaks=True)).plugged_in(FakeClock())

    monkeypatch.setattr(firmware_tools.link, "open_link", opened)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["provision-stations.md", "monitor.md"])
def test_every_command_of_the_page_does_its_work(workshop, name):
    for command in commands(page(name)):
        if "--seconds" in command:
            command[command.index("--seconds") + 1] = "0.02"
        done = CliRunner().invoke(main, command[1:])
        assert done.exit_code == 0, (command, done.output)
    if name == "provision-stations.md":
        assert (workshop / "stations.csv").read_text().count(",done,") == 5
        assert (workshop / "codes" / "press-07.png").is_file()
    else:
        assert "Hello session" in done.output or '"message"' in done.output


def test_each_refusal_that_is_named_is_one_of_the_code():
    code = "".join(path.read_text("utf-8") for path in CODE.glob("*.py"))
    table = page("provision-stations.md").partition("## When it is refused")[2]
    for words in ("nobody who answers in", "empty board id", "there is no room", "found other bytes", "started anew"):
        assert words in table
        assert words in code
    for words in ("in use by another program", "wanted no secrets in", "open to others"):
        assert words in table
        assert words in code
