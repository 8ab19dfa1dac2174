"""The one program, `lepton`: a table of sub-command names and the modules that serve them, nothing else.

A sub-command's module is imported only when it is called, so `lepton --help` costs no numpy and a board needs no
training library. Exit codes: 0 done, 1 the answer is no, or not now, 2 wrong use or input, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.errors import LeptonError, OutageError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_STOPPED = 130
"""As a shell says it of a process that Ctrl-C ended."""

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a sub-command lives, and what it does in one line.

    target: `module:command`; empty for a group whose commands live in several packages.
    commands: those commands.
    """

    target: str
    summary: str
    commands: Mapping[str, Entry] = field(default_factory=dict)


BUNDLE: dict[str, Entry] = {
    "inspect": Entry(
        "edge_runtime.bundle_cli:inspect",
        "Show what a bundle is, what it holds, and what was measured when it was made.",
    ),
    "verify": Entry(
        "edge_runtime.bundle_cli:verify", "Check every hash and replay the goldens with this machine's runtime."
    ),
    "diff": Entry("converters.bundle.cli:diff", "Show what changed from bundle BEFORE to bundle AFTER."),
    "extract": Entry("converters.bundle.cli:extract", "Unpack BUNDLE, or a part of it, into a folder."),
}
"""A board has the first two without the converter's parts."""

DATA: dict[str, Entry] = {
    "check": Entry("training.data_cli:check", "Look for leaks, copies, contradictions, damaged or odd samples."),
    "split": Entry("training.data_cli:split", "Split a dataset into train and test without a leak."),
    "preview": Entry("training.data_cli:preview", "Show what a recipe of augmentation makes of a dataset."),
    "readings": Entry("training.readings_cli:readings", "Make recordings of a logger's tables (CSV)."),
}

SEARCH: dict[str, Entry] = {
    "run": Entry(
        "training.search.cli:run",
        "Try what `lepton train` offers on SOURCE for some minutes, and make the best of it.",
    ),
    "show": Entry(
        "training.search.cli:show",
        "Show the trials of STUDY, a file or a database's address: what was tried, how good it is, what it costs.",
    ),
}

FIRMWARE: dict[str, Entry] = {
    "image": Entry("firmware_tools.image_cli:image", "Show what the firmware FILE is, after checking it to its end."),
    "sign": Entry("firmware_tools.image_cli:sign", "Sign PROGRAM for MCUboot, in imgtool's format."),
    "flash": Entry("firmware_tools.flash_cli:flash_command", "Write the firmware IMAGE into the chip at a port."),
    "carray": Entry("firmware_tools.carray.cli:carray", "Write the network of BUNDLE as C for a microcontroller."),
    "provision": Entry(
        "firmware_tools.provision.cli:provision",
        "Write identity, Wi-Fi and calibration to a microcontroller, read them back and compare.",
    ),
    "labels": Entry("firmware_tools.provision.cli:labels", "Draw labels with QR codes for the stations of LEDGER."),
    "monitor": Entry(
        "firmware_tools.monitor.cli:monitor", "Show what a microcontroller says over the station protocol."
    ),
}

COMMANDS: dict[str, Entry] = {
    "data": Entry("", "Check photographs or sounds before they are learned from, and split them.", DATA),
    "train": Entry(
        "training.cli:train",
        "Learn a defect detector from photographs of good parts, and from labelled defects where there are some.",
    ),
    "search": Entry("", "Try for some minutes what 'lepton train' offers, and make the best of it.", SEARCH),
    "convert": Entry("converters.cli:convert", "Turn MODEL into an int8 bundle for one board."),
    "evaluate": Entry("training.evaluate_cli:evaluate", "Score BUNDLE on labelled pictures."),
    "threshold": Entry(
        "training.threshold_cli:threshold", "Set the threshold of BUNDLE again, from parts of the line."
    ),
    "robustness": Entry(
        "training.robustness.cli:robustness", "Judge labelled pictures with BUNDLE as they are, and as they get worse."
    ),
    "explain": Entry("training.explain_cli:explain", "Say why BUNDLE judges PICTURE as it does."),
    "backbone": Entry("training.backbone.cli:backbone", "Keep the networks that detectors see with, and make one."),
    "bundle": Entry("", "Look into a bundle, check it, compare it with another, unpack it.", BUNDLE),
    "capture": Entry(
        "edge_runtime.capture_cli:capture", "Take training pictures with the camera, region and trigger of STATION."
    ),
    "run": Entry("edge_runtime.cli:run", "Inspect parts as STATION (a station.toml) says."),
    "doctor": Entry(
        "edge_runtime.doctor.cli:doctor",
        "Check camera, model, takt time, disk, clock, broker, upload and service of STATION.",
    ),
    "rehearse": Entry(
        "edge_runtime.rehearsal.cli:rehearse",
        "Replay a recording, or act out faults, against STATION without its hardware.",
    ),
    "fleet": Entry("fleet_manager.cli:fleet", "Hear the stations of a site, keep their alerts, show them."),
    "profile": Entry("device_profiles.cli:profile", "Look up the boards that bundles are made for."),
    "delegate": Entry("converters.delegates.cli:delegate", "Tell what an accelerator would run of a network."),
    "firmware": Entry("", "Read, sign and flash the firmware of the microcontroller beside the board.", FIRMWARE),
    "demo": Entry("lepton.demo.cli:demo", "Show the whole way on drawn parts, in half a minute."),
}


_EXTRAS = {
    "training": "train",
    "converters": "convert",
    "fleet_manager": "fleet",
    "firmware_tools": "firmware",
    "lepton": "demo",
}
_OWN = {
    "lepton",
    "edge_contracts",
    "device_profiles",
    "edge_runtime",
    "converters",
    "training",
    "fleet_manager",
    "firmware_tools",
}


class LazyGroup(click.Group):
    """A group whose commands are looked up in a table and imported when they are called.

    Args:
        table: the commands by name.
    """

    def __init__(self, *args: Any, table: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of a user's way through them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the one command that was asked for."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        if entry.commands:
            return LazyGroup(cmd_name, table=entry.commands, help=entry.summary)
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.table.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of the house becomes a sentence and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except (RefusedError, OutageError) as error:
            raise _No(str(error)) from error
        except LeptonError as error:
            raise _WrongInput(str(error)) from error
        except ModuleNotFoundError as error:
            raise self._missing(ctx, error) from error
        except OSError as error:
            raise _WrongInput(_disk_or_pipe(error)) from error
        except KeyboardInterrupt:
            click.echo("lepton: stopped", err=True)
            ctx.exit(EXIT_STOPPED)

    def _missing(self, ctx: click.Context, error: ModuleNotFoundError) -> Exception:
        """The sentence for a part that is not installed; a module of our own that is missing stays a traceback."""
        called = ctx.invoked_subcommand or ""
        owner = self.table[called].target.partition(".")[0] if called in self.table else ""
        if owner not in _EXTRAS or (error.name or "").partition(".")[0] in _OWN:
            return error
        path = " ".join(["lepton", *ctx.command_path.split()[1:], called])
        return _WrongInput(
            f"wanted the parts that '{path}' needs, found {error.name!r} not installed; "
            f"install lepton-edge[{_EXTRAS[owner]}] (in a checkout: pip install '.[{_EXTRAS[owner]}]')"
        )


class _WrongInput(click.ClickException):
    """A sentence for the person at the terminal; exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence, without click's own heading."""
        click.echo(f"lepton: {self.message}", file=file or sys.stderr)


class _No(_WrongInput):
    """The work was done and the answer is no, or what it needs does not answer now; exit code 1."""

    exit_code = 1


def _disk_or_pipe(error: OSError) -> str:
    """The sentence for what the system refused."""
    reason = error.strerror or str(error)
    if not error.filename and error.errno in _NO_SPACE:
        return (
            f"wanted to write a temporary file, found that the system refuses: {reason}; free space in "
            f"{_temporary_folder()}, or name another folder in TMPDIR"
        )
    where = f" {error.filename}" if error.filename else " a file or pipe"
    return f"wanted to use{where}, found that the system refuses: {reason}; check the path, its rights and free space"


def _temporary_folder() -> str:
    """Where temporary files go; looked up where a full disk cannot hide it."""
    return tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - a name in a sentence


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lepton-edge", prog_name="lepton")
def main() -> None:
    """From photographs of good parts to a board that inspects every part and never misses telling anyone.

    \b
    The whole way:
      lepton capture station.toml --count 50 -o good/
      lepton train good/ -o part-float.bundle
      lepton convert part-float.bundle --profile rpi-4b --calibration good/ -o part.bundle
      lepton run station.toml
      lepton fleet listen
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
