"""The options of `lepton search run`, and what may be tried without saying so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

FINE = "/8"
"""Behind a kind of detector: on the finer layer."""

DETECTORS = ("auto", "gauss", "gauss" + FINE, "memory", "memory" + FINE, "student")
BACKBONES = ("own", "none")
OWN, USUAL = "own", "usual"
"""The side that the backbone was made for, or that a course says; the copies or views that there are anyway."""

SIDES = (OWN, "160", "288")
NETWORK_SIDES = (OWN, "64", "128")
STUDY = "search"


def _sides(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for one in values:
        if one != OWN and not one.isdecimal():
            raise click.BadParameter(f"wanted pixels or {OWN}, found {one!r}")
    return values


_TRIED = (
    click.option("--backbone", "backbones", multiple=True, help="Try it: own, none, a .tflite file, a name."),
    click.option(
        "--detector", "detectors", multiple=True, type=click.Choice(DETECTORS), help="Try it; /8 is the finer layer."
    ),
    click.option(
        "--side",
        "sides",
        multiple=True,
        metavar="PX|own",
        callback=_sides,
        help="Try this short side; own is the backbone's, or as the course says.",
    ),
    click.option(
        "--augment",
        "recipes",
        multiple=True,
        metavar="RECIPE",
        help="Try copies of good parts by this recipe (TOML), beside the usual ones.",
    ),
)
_NETWORKS = (
    click.option(
        "--network",
        "networks",
        multiple=True,
        type=click.Choice(list(NETWORKS)),
        help="Try this network on the labels instead of detectors (extra 'torch'), with rates, sides and views.",
    ),
    click.option(
        "--course", type=click.Path(path_type=Path), metavar="FILE", help="What all networks' courses begin with."
    ),
)
_LIMITS = (
    click.option(
        "--most-ms", type=click.FloatRange(0, min_open=True), help="Of one inference, measured on this machine."
    ),
    click.option("--most-bytes", type=click.IntRange(1), help="Of the model's file."),
)
_WHERE = (
    click.option(
        "--study",
        "where",
        required=True,
        envvar="LEPTON_STUDY",
        show_envvar=True,
        metavar="FILE|URL",
        help="Keep the trials there: an SQLite file, or a database that several machines share.",
    ),
    click.option("--name", default=STUDY, show_default=True, help="Of the study; one place holds many."),
)


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what may be tried, what it may cost, and where the trials are kept."""
    for option in reversed((*_WHERE, *_LIMITS, *_TRIED, *_NETWORKS)):
        command = option(command)
    return command


def study_name_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--name` alone."""
    return _WHERE[1](command)
