"""Options of the command line that say which detector, and how its threshold is set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.augmentation.recipe import Recipe
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


@dataclass(frozen=True, slots=True)
class SightOptions:
    """What was said of how a detector looks; see `training.detectors.sight.Sight`. augment: a recipe's file."""

    side: int | None = None
    layer: str | None = None
    augment: Path | None = None
    readings: bool = False

    @property
    def recipe(self) -> Recipe | None:
        """The recipe, None where none was named.

        Raises:
            BadInputError: the file is none.
        """
        from training.augmentation.recipe import read_recipe  # noqa: PLC0415 - --help needs no numpy

        return None if self.augment is None else read_recipe(self.augment)

    def sight(self) -> Sight:
        """The value.

        Raises:
            BadInputError: a side that no backbone takes, or a recipe that is none.
        """
        from training.detectors.sight import Sight  # noqa: PLC0415 - --help needs no numpy

        return Sight(self.side, None if self.layer is None else int(self.layer), self.recipe, self.readings)


def sight_options(command: Command) -> Command:
    """Add `--side`, `--layer`, `--augment` and `--readings` to a command, which gets them as `looks`."""

    @wraps(command)
    def gathered(
        *rest: Any, side: int | None, layer: str | None, augment: Path | None, readings: bool, **more: Any
    ) -> Any:
        return command(*rest, looks=SightOptions(side, layer, augment, readings), **more)

    made: Command = gathered
    for option in (
        click.option("--readings", is_flag=True, help="The WAV files hold a sensor's readings, no sounds."),
        click.option(
            "--augment",
            type=click.Path(path_type=Path),
            metavar="RECIPE",
            help="Learn six copies of each good part by this recipe, or with --network views by it (TOML; look with "
            "'lepton data preview').",
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
        made = option(made)
    return made


@dataclass(frozen=True, slots=True)
class ThresholdOptions:
    """What was said of the threshold; see `training.detectors.threshold_rule.ThresholdRule`."""

    rule: Literal["lognormal", "conformal"]
    overkill: float
    confidence: float | None

    def threshold_rule(self) -> ThresholdRule:
        """The value.

        Raises:
            BadInputError: a confidence for the rule that promises nothing.
        """
        from training.detectors.threshold import CONFIDENCE  # noqa: PLC0415 - --help needs no numpy
        from training.detectors.threshold_rule import ThresholdRule  # noqa: PLC0415 - the same

        if self.rule != "conformal" and self.confidence is not None:
            raise BadInputError(
                "wanted --confidence with --threshold conformal, found lognormal, which promises nothing"
            )
        return ThresholdRule(self.rule, self.overkill, CONFIDENCE if self.confidence is None else self.confidence)


def threshold_options(command: Command) -> Command:
    """Add `--threshold`, `--overkill` and `--confidence` to a command, which gets them as `limit`."""

    @wraps(command)
    def gathered(
        *rest: Any, rule: Literal["lognormal", "conformal"], overkill: float, confidence: float | None, **more: Any
    ) -> Any:
        return command(*rest, limit=ThresholdOptions(rule, overkill, confidence), **more)

    made: Command = gathered
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
        made = option(made)
    return made
