"""The one program, `lepton`: a table of sub-command names and the modules that serve them, nothing else.

A sub-command's module is imported only when it is called, so `lepton --help` costs no numpy and a board needs no
training library. Exit codes: 0 done, 1 the answer is no, 2 wrong use or input, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from edge_contracts.errors import LeptonError, RefusedError

EXIT_STOPPED = 130
"""As a shell says it of a process that Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a sub-command lives, and what it does in one line."""

    target: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "train": Entry("training.cli:train", "Learn a defect detector from photographs of good parts."),
    "convert": Entry("converters.cli:convert", "Turn MODEL into an int8 bundle for one board."),
    "evaluate": Entry("training.cli:evaluate", "Score BUNDLE on labelled pictures."),
    "bundle": Entry("edge_runtime.bundle_cli:bundle", "Look into a bundle and check it."),
    "run": Entry("edge_runtime.cli:run", "Inspect parts as STATION (a station.toml) says."),
    "fleet": Entry("fleet_manager.cli:fleet", "Hear the stations of a site."),
    "profile": Entry("device_profiles.cli:profile", "Look up the boards that bundles are made for."),
    "demo": Entry("lepton.demo.cli:demo", "Show the whole way on drawn parts, in two minutes."),
}


_EXTRAS = {"training": "train", "converters": "convert", "fleet_manager": "fleet", "lepton": "demo"}
_OWN = {"lepton", "edge_contracts", "device_profiles", "edge_runtime", "converters", "training", "fleet_manager"}


class LazyGroup(click.Group):
    """A group whose commands are looked up in a table and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of a user's way through them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the one command that was asked for."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of the house becomes a sentence and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            raise _No(str(error)) from error
        except LeptonError as error:
            raise _WrongInput(str(error)) from error
        except ModuleNotFoundError as error:
            raise _missing(ctx.invoked_subcommand or "", error) from error
        except OSError as error:
            raise _WrongInput(_disk_or_pipe(error)) from error
        except KeyboardInterrupt:
            click.echo("lepton: stopped", err=True)
            ctx.exit(EXIT_STOPPED)


class _WrongInput(click.ClickException):
    """A sentence for the person at the terminal; exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence, without click's own heading."""
        click.echo(f"lepton: {self.message}", file=file or sys.stderr)


class _No(_WrongInput):
    """The work was done and the answer is no; exit code 1."""

    exit_code = 1


def _disk_or_pipe(error: OSError) -> str:
    """The sentence for what the system refused."""
    where = f" {error.filename}" if error.filename else " a file or pipe"
    reason = error.strerror or str(error)
    return f"wanted to use{where}, found that the system refuses: {reason}; check the path, its rights and free space"


def _missing(command: str, error: ModuleNotFoundError) -> Exception:
    """The sentence for a part that is not installed; a module of our own that is missing stays a traceback."""
    owner = COMMANDS[command].target.partition(".")[0] if command in COMMANDS else ""
    if owner not in _EXTRAS or (error.name or "").partition(".")[0] in _OWN:
        return error
    return _WrongInput(
        f"wanted the parts that 'lepton {command}' needs, found {error.name!r} not installed; "
        f"pip install 'lepton-edge[{_EXTRAS[owner]}]'"
    )


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lepton-edge", prog_name="lepton")
def main() -> None:
    """From photographs of good parts to a board that inspects every part and never misses telling anyone.

    \b
    The whole way:
      lepton train good/ -o part-float.bundle
      lepton convert part-float.bundle --profile rpi-4b --calibration good/ -o part.bundle
      lepton run station.toml
      lepton fleet listen
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
