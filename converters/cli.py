"""`lepton convert`: a float model becomes an int8 bundle for one board."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converters.description_options import description_of, description_options
from converters.stage_lines import StageLines
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converters.conversion import Conversion
    from converters.treatment import MixedPrecision


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--profile", "profile_name", required=True, metavar="BOARD", help="The board; see 'lepton profile list'.")
@click.option(
    "--calibration",
    required=True,
    metavar="FOLDER|random",
    help="Pictures, .wav sounds or .npy/.bin arrays in the model's input type; 'random' for size and speed work only.",
)
@click.option("-o", "--output", "out", required=True, type=click.Path(path_type=Path), help="The bundle to write.")
@description_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "tflite", "onnx"]),
    default="auto",
    show_default=True,
    help="What an ONNX model becomes; auto: what the board's best runtime runs.",
)
@click.option(
    "--mixed-precision",
    default="auto",
    show_default=True,
    metavar="auto|off|N",
    callback=lambda _context, _option, value: _mixed_precision(value),
    help="Operators that stay float: as few as the gate asks for, none, or at most N (and 1.2 times the time).",
)
@click.option(
    "--activations",
    type=click.Choice(["int8", "int16"]),
    default="int8",
    show_default=True,
    help="int16 beside int8 weights is truer, and slow unless the board's runtime has kernels for it.",
)
@click.option(
    "--int4",
    multiple=True,
    metavar="PATTERN",
    help="Operators with weights in int4, by kind (CONV_2D) or name (head/*): smaller, not faster; may be given again.",
)
@click.option(
    "--calibration-rule",
    type=click.Choice(["best", "min-max", "l2.5", "mse", "p99.99", "entropy"]),
    default="best",
    show_default=True,
    help="Which range of an activation is kept: all, that of the least error, a percentile, the least entropy's.",
)
@click.option("--force", is_flag=True, help="Pack what the gate refuses; the card records it.")
@click.option(
    "--no-cache", is_flag=True, help="Take nothing from earlier conversions, and keep nothing for later ones."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def convert(
    model: Path,
    profile_name: str,
    calibration: str,
    out: Path,
    form: Any,
    mixed_precision: MixedPrecision,
    activations: Any,
    int4: tuple[str, ...],
    calibration_rule: str,
    *,
    force: bool,
    no_cache: bool,
    as_json: bool,
    **said: Any,
) -> None:
    """Turn MODEL into an int8 bundle for one board.

    The finished artefact is run here with the board's own code before it is written, and refused if it loses more than
    the board's profile allows.

    \b
    lepton convert part-float.bundle --profile rpi-4b --calibration good/ -o part.bundle
    lepton convert kws.tflite --profile rpi-zero-2w --calibration windows/ --labels words.txt -o kws.bundle
    lepton convert net.onnx --profile rpi-5 --calibration pictures/ --labels names.txt --good ok -o net.bundle

    MODEL is a bundle of 'lepton train', a float .tflite or .onnx, a Keras .keras or .h5, a SavedModel folder, a program
    of torch.export, or the import path of a PyTorch module (package.module:factory or file.py:factory). Keras models
    are read by TensorFlow in an environment of its own, which is made the first time (about 2,200 MB; LEPTON_TOOLS says
    where); PyTorch needs the extra 'torch'. Code inside a model's file, as in a Lambda layer or a pickled module, never
    runs.

    A bare model does not say what its numbers mean: tell it with --labels, --good, --pixel-range, --mean, --std,
    --colour and --resize; of a model that listens with --front-end; where it reconstructs its input, --threshold; and
    where its 1×N values are no classes, or no logits, --gives.
    An ONNX model becomes TFLite where that is what the board runs best.

    To calibrate it, give 20 to 100 inputs that look like the line's. A folder per class lets the gate measure accuracy
    instead of agreement. Arrays for an ONNX model keep its axes.

    Steps whose inputs did not change since an earlier conversion are not computed again: their results lie in
    $LEPTON_CACHE, else in the user's cache folder, at most $LEPTON_CACHE_MB megabytes (2000) of them.

    Exit codes: 0 written, 1 the gate refused and nothing was written, 2 wrong use or input.
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from converters.isolation.forking import PRELOADED, PRELOADED_FOR_ONNX, forked_children  # noqa: PLC0415 - not for others

    # Its server loads while this process does. A name that lies costs time alone.
    with _tidy_end(), forked_children(PRELOADED + (PRELOADED_FOR_ONNX if model.suffix == ".onnx" else ())):
        from converters.cache import default_store  # noqa: PLC0415 - numpy
        from converters.conversion import convert as run_conversion  # noqa: PLC0415 - loads the runtime

        with progress_bar(silent=as_json) as progress:
            done = run_conversion(
                model,
                profile=profile_name,
                calibration=calibration,
                out=out,
                description=description_of(said),
                form=form,
                force=force,
                mixed_precision=mixed_precision,
                activations=activations,
                int4=int4,
                calibration_rule=calibration_rule,
                progress=progress,
                cache=None if no_cache else default_store(),
            )
    click.echo(_document(done) if as_json else _sentence(done))


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let SIGTERM end this process as an exception does, so that copies of models in temporary folders go with it."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress_bar(*, silent: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error for long work, told a stage and the fraction of it that is done; lines off a terminal."""
    if silent:
        yield lambda _stage, _done: None
        return
    if not sys.stderr.isatty():
        yield StageLines(lambda line: click.echo(line, err=True))
        return
    from rich.console import Console  # noqa: PLC0415 - only a person at a terminal sees it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=done)

        yield tell


def _mixed_precision(value: str) -> MixedPrecision:
    if value in {"auto", "off"}:
        return "auto" if value == "auto" else "off"
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise BadInputError(f"wanted --mixed-precision auto, off or a number of operators from 1, found {value!r}")


def _document(done: Conversion) -> str:
    from converters.conversion_document import ConversionDocument  # noqa: PLC0415 - only with --json

    return ConversionDocument.of(done).model_dump_json(indent=2)


def _sentence(done: Conversion) -> str:
    from converters.outcome import told  # noqa: PLC0415 - not needed with --json

    return told(done.path, done.digest, done.card, [step.sentence for step in done.steps], done.replaced)
