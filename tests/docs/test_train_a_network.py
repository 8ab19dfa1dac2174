"""What the page on training networks says is what the code takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click.testing import CliRunner

from lepton.cli import main
from tests.fakes.how_to import blocks, section
from training.finetune.course_file import read_course
from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "train-a-network"


def test_the_course_of_the_page_is_read(tmp_path: Path) -> None:
    (text,) = blocks(section(PAGE, "The course"), "toml")
    (tmp_path / "course.toml").write_text(text)
    first, again, to_int8 = read_course(tmp_path / "course.toml").courses(0)
    assert again is not None
    assert to_int8 is not None
    assert (first.steps, again.steps, to_int8.steps) == (3000, 2000, 400)


def test_every_network_is_on_the_page() -> None:
    text = section(PAGE, "Which network")
    assert set(NETWORKS) == set(re.findall(r"`([a-z][a-z0-9-]+)` ?[|(]", text))


def test_every_option_of_the_page_is_one_of_its_command() -> None:
    scripts = blocks(section(PAGE, "Train a network"), "sh")
    assert len(scripts) == 3  # pictures, a recipe, recordings
    for line in "".join(scripts).splitlines():
        words = re.findall(r"^lepton ((?:data )?[a-z]+) ", line)[0].split()
        told = CliRunner().invoke(main, [*words, "--help"]).output
        assert set(re.findall(r" (--[a-z-]+)", line)) <= set(re.findall(r"(--[a-z-]+)", told)), line
