"""`lepton search run` and `lepton search show`."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.bundle import require_bundle_name
from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from training.search.options import (
    BACKBONES,
    DETECTORS,
    NETWORK_SIDES,
    SIDES,
    USUAL,
    search_options,
    study_name_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Sample
    from training.search.space import Space

SECONDS_PER_MINUTE = 60


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--minutes", required=True, type=click.FloatRange(0), help="No trial begins later; 0 only makes the best one."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Make the best recipe there; without it only trials are added.",
)
@search_options
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all that is random.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def run(
    source: Path,
    minutes: float,
    output: Path | None,
    where: str,
    name: str,
    most_ms: float | None,
    most_bytes: int | None,
    seed: int,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Try what `lepton train` offers on SOURCE for some minutes, and make the best of it.

    SOURCE is read as by lepton train. Trials learn and judge rows for training alone, relatives held out together; rows
    of the split `test` judge the outcome once. Split labelled data first: lepton data split. With defects to learn the
    AUROC of held-out parts decides, without any how far drawn faults stand apart. What lepton train does by itself is
    tried first, and left only for something clearly better.

    Stopped or killed, the same command goes on; a second one on the same study helps. What is given for --backbone,
    --detector, --side or --augment is all that is tried of it, the first being the usual one.
    """
    from converters.study import open_study, require_optuna  # noqa: PLC0415 - --help needs no library
    from training.search.bar import search_bar  # noqa: PLC0415 - the same
    from training.search.judged import Limits  # noqa: PLC0415 - the same
    from training.search.outcome import outcome_of, require_held_out  # noqa: PLC0415 - the same
    from training.search.outcome_text import outcome_text  # noqa: PLC0415 - the same
    from training.search.rounds import Clock, search, tried_of  # noqa: PLC0415 - the same

    require_optuna()
    if output is not None:
        require_bundle_name(output)
    samples = _photographs(source)
    space = _space(samples, source, seed, options)
    require_held_out(samples, source, space.criterion)
    limits, clock = Limits(most_ms, most_bytes), Clock(time.monotonic, time.sleep)
    seconds = SECONDS_PER_MINUTE * minutes
    with open_study(where, name, space.about) as study:
        with search_bar(study, space, limits, seconds, quiet=as_json) as tell:
            ended = search(study, space, seconds=seconds, clock=clock, seed=seed, limits=limits, tell=tell)
        trials = tried_of(study)
    document = outcome_of(trials, space, limits, samples, output, ended=ended)
    if output is not None:
        words = ["lepton", "train", str(source), "-o", str(output), *document["words"]]
        document["command"] = shlex.join(words)
    click.echo(document_text(document) if as_json else outcome_text(document))


@click.command()
@click.argument("where", metavar="STUDY")
@study_name_option
@click.option("--page", type=click.Path(path_type=Path), help="Also write one HTML page: quality over milliseconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def show(where: str, name: str, page: Path | None, *, as_json: bool) -> None:
    """Show the trials of STUDY, a file or a database's address: what was tried, how good it is, what it costs."""
    from converters.study import find_study, shown  # noqa: PLC0415 - --help needs no library
    from training.search.rounds import tried_of  # noqa: PLC0415 - the same
    from training.search.table import study_document, table_text  # noqa: PLC0415 - the same

    with find_study(where, name) as study:
        document = study_document(name, shown(where), tried_of(study), study)
    if page is not None:
        from training.search.page import search_page  # noqa: PLC0415 - as above

        write_whole(page, search_page(document))
    click.echo(document_text(document) if as_json else table_text(document))


def _photographs(source: Path) -> Sequence[Sample]:
    from training.dataset import read_dataset  # noqa: PLC0415 - as above
    from training.dataset.subjects import are_sounds  # noqa: PLC0415 - the same

    samples = read_dataset(source)
    if are_sounds(samples):
        raise BadInputError(
            f"wanted photographs to search with, found sounds in {source}; 'lepton train' learns those without a search"
        )
    return samples


def _space(samples: Sequence[Sample], source: Path, seed: int, options: dict[str, Any]) -> Space:
    networks, course = options["networks"], options["course"]
    if networks:
        from training.networks.network import require_torch  # noqa: PLC0415 - as above

        strange = [f"--{one[:-1]}" for one in ("backbones", "detectors") if options[one]]
        strange += ["--augment"] if options["recipes"] else []
        if strange:
            raise BadInputError(
                f"wanted no option beside --network that says how good parts are learned, found {', '.join(strange)}; "
                "leave it out"
            )
        require_torch()
        from training.search.networks import NetworkSpace, require_one_task  # noqa: PLC0415 - numpy

        require_one_task(networks)
        return NetworkSpace(samples, source, networks, options["sides"] or NETWORK_SIDES, course, seed)
    if course is not None:
        raise BadInputError("wanted --course beside --network, found no --network; add it")
    from training.search.detectors import DetectorSpace, lot_of  # noqa: PLC0415 - as above

    return DetectorSpace(
        samples,
        source,
        lot_of(samples, source, seed),
        backbones=options["backbones"] or BACKBONES,
        detectors=options["detectors"] or DETECTORS,
        sides=options["sides"] or SIDES,
        recipes=(USUAL, *options["recipes"]),
        seed=seed,
    )
