"""`lepton profile`, as a person on a board sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from device_profiles import Profile, load_profile, profile_names
from device_profiles.cli import profile
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(profile, arguments)
    assert result.exception is None, result.exception
    return result.output


def test_list_names_every_board_on_a_line_of_its_own() -> None:
    lines = run("list").splitlines()
    assert lines[0].startswith("NAME")
    assert [line.split()[0] for line in lines[1:]] == list(profile_names())


def test_list_marks_the_board_whose_python_is_too_old() -> None:
    marked = [line for line in run("list").splitlines() if "see show" in line]
    assert [line.split()[0] for line in marked] == ["jetson-nano"]


def test_list_as_json_names_every_board() -> None:
    assert [board["name"] for board in json.loads(run("list", "--json"))] == list(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_show_gives_every_command_whole_and_every_source(name: str) -> None:
    shown = run("show", name)
    board = load_profile(name)
    for command in board.install:
        assert command in shown
    for source in board.sources.values():
        assert source.at in shown


def test_show_says_what_to_do_about_an_old_python() -> None:
    shown = " ".join(run("show", "jetson-nano").split())
    assert (load_profile("jetson-nano").python_note or "missing") in shown


def test_show_as_json_is_the_whole_profile() -> None:
    assert Profile.model_validate_json(run("show", "rpi-5", "--json")) == load_profile("rpi-5")


def test_show_takes_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_renamed("x86-64", "press-7"), "utf-8")
    assert "(press-7)" in run("show", str(path))


def test_show_of_an_unknown_board_ends_in_the_houses_error() -> None:
    result = CliRunner().invoke(profile, ["show", "rpi-4"])
    assert isinstance(result.exception, BadInputError)
    assert "did you mean 'rpi-4b'?" in str(result.exception)


def test_a_board_needs_no_page_or_progress_library() -> None:
    script = (
        "import sys; sys.modules.update(rich=None, jinja2=None, numpy=None);"
        "from device_profiles.cli import profile; profile(['show', 'rpi-4b'], standalone_mode=False)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "Raspberry Pi 4 Model B" in done.stdout


def _renamed(name: str, new: str) -> str:
    text = files("device_profiles").joinpath("boards", f"{name}.toml").read_text("utf-8")
    return text.replace(f'name = "{name}"', f'name = "{new}"')
