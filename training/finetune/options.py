"""The options of `lepton train` that are for whole networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = (
    click.option(
        "--network",
        type=click.Choice(list(NETWORKS)),
        help="Train this network on the source's labels instead of learning from good parts (extra 'torch').",
    ),
    click.option(
        "--course",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="How it learns: TOML, docs/reference/course.md.",
    ),
    click.option(
        "--checkpoints",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Save the training there, and go on from what is there.",
    ),
    click.option(
        "--curves", type=click.Path(path_type=Path), metavar="FILE", help="Write its curves as one HTML page."
    ),
)


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --network, --course, --checkpoints and --curves to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
