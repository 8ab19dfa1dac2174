"""Options of the command line that say what the numbers of a bare model mean."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from converters.load import Description

RESIZES = ("nearest", "bilinear", "area", "bilinear-antialias")


_OPTIONS = (
    click.option("--name", default="", help="The bundle's name; else the file's."),
    click.option("--labels", type=click.Path(path_type=Path), help="A text file, one class name per line."),
    click.option("--good", multiple=True, metavar="LABEL", help="A class that lets a part pass; may be given again."),
    click.option(
        "--pixel-range",
        type=click.UNPROCESSED,
        callback=lambda _context, option, value: _numbers(option, value),
        nargs=2,
        default=(0.0, 1.0),
        show_default=True,
        metavar="LOW HIGH",
        help="What bytes 0 and 255 mean.",
    ),
    click.option(
        "--mean",
        type=click.UNPROCESSED,
        callback=lambda _context, option, value: _numbers(option, value),
        nargs=3,
        metavar="C1 C2 C3",
        help="Per channel in the order of --colour, on --pixel-range; for a grey model the same three times.",
    ),
    click.option(
        "--std",
        type=click.UNPROCESSED,
        callback=lambda _context, option, value: _numbers(option, value),
        nargs=3,
        metavar="C1 C2 C3",
        help="The model expects (value − mean) / std; torchvision's way.",
    ),
    click.option("--colour", type=click.Choice(["rgb", "bgr", "grey"]), default="rgb", show_default=True),
    click.option("--resize", type=click.Choice(RESIZES), default="area", show_default=True, help="As in training."),
    click.option(
        "--input-size",
        type=click.UNPROCESSED,
        callback=lambda _context, option, value: _numbers(option, value, whole=True),
        nargs=2,
        metavar="HEIGHT WIDTH",
        help="For an ONNX, Keras or PyTorch model that leaves it open.",
    ),
    click.option(
        "--weights", type=click.Path(path_type=Path), metavar="FILE", help="A state dict for a PyTorch module."
    ),
    click.option(
        "--front-end",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML: how sounds or readings become the input; docs/reference/sound-front-end.md.",
    ),
    click.option(
        "--gives",
        type=click.Choice(["logits", "probabilities", "numbers"]),
        help="What one output of 1×N values is; numbers: none is chosen, as of a regression. Else the network tells.",
    ),
    click.option(
        "--threshold", type=float, help="Of a model that reconstructs: the error from which on a part is defective."
    ),
)


def description_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command; `description_of` makes one value of what they give."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def description_of(said: Mapping[str, Any]) -> Description:
    """What the options said.

    Args:
        said: the parameters of `description_options`, by their names.

    Raises:
        BadInputError: a file that cannot be read.
    """
    from converters.load import Description  # noqa: PLC0415 - loads the readers of all model files

    return Description(
        **{
            **said,
            "labels": _lines(said["labels"]),
            "mean": _per_channel(said["mean"], 0.0),
            "std": _per_channel(said["std"], 1.0),
            "gives": said["gives"] or "",
            "front_end": _text(said["front_end"], "--front-end", "a front end in TOML"),
        }
    )


def _numbers(option: click.Parameter, values: Sequence[Any] | None, *, whole: bool = False) -> Any:
    """All that an option takes; click would call the word after too few of them a wrong number, and name that word."""
    if values is None:
        return None
    try:
        numbers = tuple(int(value) if whole else float(value) for value in values)
    except ValueError:
        numbers = ()
    if numbers and all(math.isfinite(number) and (number > 0 or not whole) for number in numbers):
        return numbers
    kind, name = "whole numbers from 1 on" if whole else "numbers", option.opts[0]
    found = " ".join(str(value) for value in values)
    raise BadInputError(f"wanted {kind} as in {name} {option.metavar}, found {found!r} after {name}; give each of them")


def _per_channel(values: tuple[float, ...] | None, default: float) -> tuple[float, ...]:
    """One number where all are the same, which then suits a grey model, too."""
    given = values or (default,)
    return given if len(set(given)) > 1 else given[:1]


def _lines(path: Path | None) -> tuple[str, ...]:
    text = _text(path, "--labels", "a text file of labels")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _text(path: Path | None, option: str, wanted: str) -> str:
    if path is None:
        return ""
    try:
        # Editors on Windows begin a text with a mark that is no part of its first word.
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise BadInputError(
            f"wanted {wanted}, found that {path} cannot be read ({error.strerror}); check {option}"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"wanted {wanted}, found {path} not to be in UTF-8 ({error.reason}); save it as UTF-8"
        ) from error
