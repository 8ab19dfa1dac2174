"""`lepton train`."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.bundle import require_bundle_name, write_bundle
from training.detector_options import detector_options, rule_of, sight_of, sight_options, threshold_options
from training.finetune.options import network_options, require_network_options
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    network: str | None,
    course: Path | None,
    checkpoints: Path | None,
    curves: Path | None,
    seed: int,
    *,
    as_json: bool,
    **wishes: Any,
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
    if network is not None or course or checkpoints or curves:
        from training.finetune.command import Wish, train_network  # noqa: PLC0415 - for networks alone

        require_network_options(click.get_current_context())
        train_network(source, output, Wish(network or "", course, checkpoints, curves, seed), as_json=as_json)
        return
    require_bundle_name(output)
    document = _learned(source, output, seed, wishes, quiet=as_json)
    from training.train_text import trained_text  # noqa: PLC0415 - --help needs no OpenCV

    click.echo(json.dumps(document, indent=2) if as_json else trained_text(document))


def _learned(source: Path, output: Path, seed: int, wishes: Mapping[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Learn, write the bundle, and tell of it."""
    from training.backbone.choice import chosen_backbone  # noqa: PLC0415 - as above
    from training.backbone.own import NAME  # noqa: PLC0415 - the same
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - the same
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.learning import learn_dataset, packed  # noqa: PLC0415 - the same
    from training.train_text import trained_document  # noqa: PLC0415 - the same

    lent = None if wishes["readings"] else chosen_backbone(wishes["backbone"] or NAME, users_shelf())
    samples = read_dataset(source)
    started_s = time.monotonic()
    with progress_bar("learning", len(samples), quiet=quiet) as advance:
        learned = learn_dataset(
            samples,
            source,
            backbone=lent,
            kind=wishes["kind"],
            sight=sight_of(wishes["side"], wishes["layer"], wishes["augment"], readings=wishes["readings"]),
            rule=rule_of(wishes["rule"], wishes["overkill"], wishes["confidence"]),
            seed=seed,
            good_only=wishes["good_only"],
            progress=advance,
        )
    spent_s = time.monotonic() - started_s
    manifest, members = packed(learned, output, seed, datetime.now(timezone.utc))
    digest = write_bundle(output, manifest, members)
    return trained_document(learned, manifest, output, digest, spent_s)
