"""One program: its table is true, its help costs nothing, its errors are sentences with an exit code."""

import subprocess
import sys
import tempfile

import click
import pytest
from click.testing import CliRunner

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.store.database import StoreUnavailable
from lepton import cli
from lepton.cli import COMMANDS, Entry, main


def fails_with(error):
    @click.command()
    def fails():
        raise error

    return fails


def lepton(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_of_the_table_exists_and_says_what_the_table_says(name):
    shown = lepton(name, "--help")
    assert shown.exit_code == 0, shown.output
    assert f"Usage: main {name}" in shown.output
    command = main.get_command(None, name)
    assert command.get_short_help_str(limit=200) == COMMANDS[name].summary


def test_help_lists_every_command_and_imports_none():
    code = (
        "import sys; from lepton.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('numpy', 'cv2', 'pydantic', 'rich', 'training.cli') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *listing, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert all(any(line.split()[:1] == [name] for line in listing) for name in COMMANDS)


def test_an_unknown_command_is_wrong_use():
    said = lepton("inspekt")
    assert said.exit_code == 2
    assert "No such command 'inspekt'" in said.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInputError("wanted a, found b; do c"), 2),
        (RefusedError("the answer is no"), 1),
        (StoreUnavailable("it does not answer just now"), 1),
    ],
)
def test_an_error_of_the_house_is_one_sentence_and_an_exit_code(monkeypatch, error, code):
    monkeypatch.setitem(COMMANDS, "fails", Entry("tests.lepton.none:fails", "Fails."))
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda _self, _ctx, _name: fails_with(error))
    said = lepton("fails")
    assert said.exit_code == code
    assert said.output == f"lepton: {error}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["convert", "notes.txt", "--profile", "rpi-4b", "--calibration", "random", "-o", "x.bundle"], "a text file"),
        (["convert", "none.onnx", "--profile", "rpi-4b", "--calibration", "random", "-o", "x.bundle"], "found none at"),
        (["convert", "notes.txt", "--profile", "rpi-4", "--calibration", "random", "-o", "x.bundle"], "'rpi-4b'"),
        (["convert", "notes.txt", "--profile", "rpi-4b", "--calibration", "nowhere", "-o", "x.bundle"], "no folder at"),
        (["convert", "notes.txt", "--profile", "rpi-4b", "--calibration", "random", "-o", "no/x.bundle"], "create it"),
        (["train", "nowhere", "-o", "x.bundle"], "nowhere"),
        (["train", "empty", "-o", "x.bundle"], "found none"),
        (["evaluate", "notes.txt", "--data", "empty"], "wanted a bundle"),
        (["bundle", "inspect", "notes.txt"], "wanted a bundle"),
        (["bundle", "verify", "none.bundle"], "found nothing at"),
        (["run", "none.toml"], "none.toml"),
        (["run", "notes.txt"], "notes.txt"),
        (["profile", "show", "rpi-9"], "wanted one of"),
    ],
)
def test_wrong_input_gets_a_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("these are notes\n")
    (tmp_path / "empty").mkdir()
    said = lepton(*arguments)
    assert said.exit_code == 2, said.output
    assert sentence in said.output
    assert said.output.startswith("lepton: wanted ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "notes.txt"]


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (OSError(30, "Read-only file system", "/ro/x.bundle"), 2, "wanted to use /ro/x.bundle, found that the system"),
        (
            OSError(28, "No space left on device", "/full/x.bundle"),
            2,
            "No space left on device; check the path, its rights and free space",
        ),
        (OSError(28, "No space left on device"), 2, "No space left on device; free space in /small, or name another"),
        (BrokenPipeError(32, "Broken pipe"), 2, "wanted to use a file or pipe"),
        (KeyboardInterrupt(), 130, "lepton: stopped"),
    ],
)
def test_a_disk_that_refuses_and_a_ctrl_c_are_sentences_too(monkeypatch, error, code, sentence):
    monkeypatch.setattr(tempfile, "tempdir", "/small")
    monkeypatch.setitem(COMMANDS, "fails", Entry("tests.lepton.none:fails", "Fails."))
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda _self, _ctx, _name: fails_with(error))
    said = lepton("fails")
    assert said.exit_code == code
    assert sentence in said.output
    assert "Traceback" not in said.output
