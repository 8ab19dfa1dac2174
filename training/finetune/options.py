"""The options of `lepton train` that are for whole networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edge_contracts.errors import BadInputError
from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

_TAKEN = {"source", "output", "network", "course", "checkpoints", "curves", "augment", "seed", "as_json"}
"""What a network's training takes of the command's parameters."""

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


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What was said of a network; nothing where none is wanted."""

    network: str | None = None
    course: Path | None = None
    checkpoints: Path | None = None
    curves: Path | None = None


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --network, --course, --checkpoints and --curves to a command, which gets them as `of_network`."""

    @wraps(command)
    def gathered(
        *rest: Any,
        network: str | None,
        course: Path | None,
        checkpoints: Path | None,
        curves: Path | None,
        **more: Any,
    ) -> Any:
        return command(*rest, of_network=NetworkOptions(network, course, checkpoints, curves), **more)

    made: Callable[..., Any] = gathered
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def require_network_options(context: click.Context) -> None:
    """Refuse a network's options without a network, and beside one those that say how good parts are learned.

    Raises:
        BadInputError: naming them.
    """
    given = {
        str(one.name): one.opts[-1]
        for one in context.command.params
        if one.name and context.get_parameter_source(one.name) is ParameterSource.COMMANDLINE
    }
    if "network" not in given:
        found = ", ".join(given[name] for name in ("course", "checkpoints", "curves") if name in given)
        raise BadInputError(f"wanted {found} beside --network, found no --network; add it")
    if strange := ", ".join(option for name, option in given.items() if name not in _TAKEN):
        raise BadInputError(
            f"wanted no option beside --network that says how good parts are learned, found {strange}; leave it out"
        )
