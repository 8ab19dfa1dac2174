"""`lepton train`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from edge_contracts.bundle import require_bundle_name, write_bundle
from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from training.detector_options import (
    SightOptions,
    ThresholdOptions,
    detector_options,
    sight_options,
    threshold_options,
)
from training.finetune.options import NetworkOptions, network_options, require_network_options
from training.progress_bar import progress_bar


@dataclass(frozen=True, slots=True)
class GoodPartsWish:
    """How good parts shall be learned. backbone: None for our own. kind: of detector."""

    backbone: str | None
    kind: str
    looks: SightOptions
    limit: ThresholdOptions
    seed: int
    good_only: bool


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the float bundle.")
@click.option(
    "--backbone",
    help="What to see with: own (the default), none (Gabor layers), a .tflite file, or a name of your shelf.",
)
@click.option("--good-only", is_flag=True, help="Learn good parts alone, though defects are labelled.")
@detector_options
@sight_options
@threshold_options
@network_options
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all that is random.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def train(
    source: Path,
    output: Path,
    backbone: str | None,
    kind: str,
    looks: SightOptions,
    limit: ThresholdOptions,
    of_network: NetworkOptions,
    seed: int,
    *,
    good_only: bool,
    as_json: bool,
) -> None:
    """Learn a defect detector from photographs of good parts, and from labelled defects where there are some.

    SOURCE is a folder of good parts, a folder per class with one called good or normal, or a CSV manifest with the
    columns path, label and optionally group and split (then rows with split `train` are learned). MVTec's, COCO's and
    YOLO's layouts and the manager's labels.zip are read too. Twenty or more good parts are advised. A folder of
    WAV files is learned as sounds, or with --readings as what a sensor measured.

    Five or more defects, in folders of their own or under other labels, are learned on top: what they bring is measured
    on parts that were held out, and told. Keep some apart for `lepton evaluate`.

    With --network a whole network learns the classes of SOURCE, or the masks or boxes that are drawn in it, as the
    course says; see docs/how-to/train-a-network.md.
    """
    if of_network != NetworkOptions():
        from training.finetune.command import Wish, train_network  # noqa: PLC0415 - for networks alone

        require_network_options(click.get_current_context())
        train_network(source, output, Wish.of(of_network, seed, looks.recipe), as_json=as_json)
        return
    require_bundle_name(output)
    wish = GoodPartsWish(backbone, kind, looks, limit, seed, good_only)
    document = _learned(source, output, wish, quiet=as_json)
    from training.train_text import trained_text  # noqa: PLC0415 - --help needs no OpenCV

    click.echo(document_text(document) if as_json else trained_text(document))


def _learned(source: Path, output: Path, wish: GoodPartsWish, *, quiet: bool) -> dict[str, Any]:
    """Learn, write the bundle, and tell of it."""
    from training.backbone.choice import chosen_backbone  # noqa: PLC0415 - as above
    from training.backbone.own import NAME  # noqa: PLC0415 - the same
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - the same
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.learning import learn_dataset, packed  # noqa: PLC0415 - the same
    from training.train_text import trained_document  # noqa: PLC0415 - the same

    if wish.looks.readings and wish.backbone is not None:
        raise BadInputError(
            f"wanted either --readings or --backbone, found both: a sensor's readings are judged by figures, and "
            f"nothing would see with {wish.backbone}; leave one out"
        )
    lent = None if wish.looks.readings else chosen_backbone(wish.backbone or NAME, users_shelf())
    samples = read_dataset(source)
    started_s = time.monotonic()
    with progress_bar("learning", len(samples), quiet=quiet) as advance:
        learned = learn_dataset(
            samples,
            source,
            backbone=lent,
            kind=wish.kind,
            sight=wish.looks.sight(),
            rule=wish.limit.threshold_rule(),
            seed=wish.seed,
            good_only=wish.good_only,
            progress=advance,
        )
    spent_s = time.monotonic() - started_s
    manifest, members = packed(learned, output, wish.seed, datetime.now(timezone.utc))
    digest = write_bundle(output, manifest, members)
    return trained_document(learned, manifest, output, digest, spent_s)
