"""Which line a command speaks on: the options that all commands with a port and a fixed speed share.

Read for `--help`, so nothing that opens a line is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL_BAUD, LEAST_BAUD = 115_200, 1200

Command = TypeVar("Command", bound="Callable[..., Any]")


def port_options(command: Command) -> Command:
    """Add `--port` and `--baud` to a command."""
    port = click.option("--port", help="A serial port or a piece of its name, or tcp://host:port.")
    baud = click.option(
        "--baud",
        default=USUAL_BAUD,
        show_default=True,
        type=click.IntRange(min=LEAST_BAUD),
        help="The speed of a serial port.",
    )
    return port(baud(command))
