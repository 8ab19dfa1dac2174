"""Options of the command line that say which detector, and how its threshold is set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.detectors.sight import Sight
    from training.detectors.threshold_rule import ThresholdRule

    Command = Callable[..., Any]

OVERKILL = 0.05
LAYERS = ("16", "8")
KINDS = ("auto", "gauss", "memory", "student", "autoencoder")
"""`training.detectors.kinds` has them with what they learn; a test holds both together."""


def detector_options(command: Command) -> Command:
    """Add `--detector` (argument `kind`)."""
    return click.option(
        "--detector",
        "kind",
        type=click.Choice(KINDS),
        default="auto",
        show_default=True,
        help="What learns; auto compares them on the good parts. Sounds: gauss, autoencoder.",
    )(command)


def sight_options(command: Command) -> Command:
    """Add `--side`, `--layer`, `--augment` and `--readings`; `sight_of` makes one value of them."""
    for option in (
        click.option("--readings", is_flag=True, help="The WAV files hold a sensor's readings, no sounds."),
        click.option(
            "--augment",
            type=click.Path(path_type=Path),
            metavar="RECIPE",
            help="Learn six copies of each good part by this recipe (TOML; look with 'lepton data preview').",
        ),
        click.option(
            "--layer",
            type=click.Choice(LAYERS),
            help="Pixels per place of the backbone's layer; 16 is the usual one, and auto compares both.",
        ),
        click.option(
            "--side",
            type=int,
            metavar="PX",
            help="Short side of what it looks at, a multiple of 32; the backbone's own by default.",
        ),
    ):
        command = option(command)
    return command


def sight_of(side: int | None, layer: str | None, augment: Path | None, *, readings: bool = False) -> Sight:
    """How the options say that a detector looks.

    Raises:
        BadInputError: a side that no backbone takes, or a recipe that is none.
    """
    from training.augmentation.recipe import read_recipe  # noqa: PLC0415 - --help needs no numpy
    from training.detectors.sight import Sight  # noqa: PLC0415 - the same

    recipe = None if augment is None else read_recipe(augment)
    return Sight(side, None if layer is None else int(layer), recipe, readings)


def threshold_options(command: Command) -> Command:
    """Add `--threshold` (argument `rule`), `--overkill` and `--confidence`; `rule_of` makes one value of them."""
    for option in (
        click.option(
            "--confidence",
            type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
            help="Of the conformal promise; 0.9 by default.",
        ),
        click.option(
            "--overkill",
            type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
            default=OVERKILL,
            show_default=True,
            help="Share of good parts that may be rejected.",
        ),
        click.option(
            "--threshold",
            "rule",
            type=click.Choice(["lognormal", "conformal"]),
            default="lognormal",
            show_default=True,
            help="lognormal expects the overkill, conformal promises it and takes more parts.",
        ),
    ):
        command = option(command)
    return command


def rule_of(rule: str, overkill: float, confidence: float | None) -> ThresholdRule:
    """The rule that the options ask for.

    Raises:
        BadInputError: a confidence for the rule that promises nothing.
    """
    from training.detectors.threshold import CONFIDENCE  # noqa: PLC0415 - --help needs no numpy
    from training.detectors.threshold_rule import ThresholdRule  # noqa: PLC0415 - the same

    if rule != "conformal" and confidence is not None:
        raise BadInputError("wanted --confidence with --threshold conformal, found lognormal, which promises nothing")
    return ThresholdRule(
        cast(Literal["lognormal", "conformal"], rule), overkill, CONFIDENCE if confidence is None else confidence
    )
