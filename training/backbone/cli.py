"""`lepton backbone`: the networks that detectors see with."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training.backbone.shelf import Shelved


@click.group()
def backbone() -> None:
    """Keep the networks that detectors see with, and make one.

    `lepton train --backbone NAME` takes one of these; without it the one that ships is used.
    """


@backbone.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def list_backbones(*, as_json: bool) -> None:
    """Show what there is: the one that ships, your own shelf, what can be fetched."""
    from training.backbone.own import own_backbone  # noqa: PLC0415 - --help needs no numpy
    from training.backbone.published import PUBLISHED  # noqa: PLC0415 - the same
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - the same

    shelved, size = users_shelf().entries(), len(own_backbone())
    if as_json:
        document = {
            "own": {"name": "own", "bytes": size},
            "shelf": [asdict(one) for one in shelved],
            "published": [asdict(one) for one in PUBLISHED],
        }
        click.echo(document_text(document))
        return
    here = {one.name for one in shelved}
    click.echo(f"own    {size:>9,} bytes  ships with Lepton Edge, the default of lepton train")
    for one in shelved:
        click.echo(f"shelf  {one.bytes:>9,} bytes  {one.name}: {one.channels} channels, {one.licence or one.origin}")
    for other in (one for one in PUBLISHED if one.name not in here):
        click.echo(f"fetch  {other.bytes:>9,} bytes  {other.name}: {other.title}, {other.licence}")


@backbone.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; the file's own name by default.")
@click.option("--licence", default="", help="Under which terms you have it, for `lepton backbone list`.")
def add(file: Path, name: str | None, licence: str) -> None:
    """Put FILE, a quantised classifier (.tflite), on your shelf.

    Any classifier that takes 8-bit colour pictures will do; it is cut where it still sees small things.
    """
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - as above

    _echo(users_shelf().put(name or _name_of(file), _read(file), file.name, licence))


@backbone.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Agree to the licence without being asked.")
def fetch(name: str, *, yes: bool) -> None:
    """Get the published backbone NAME from its publisher (see `lepton backbone list`).

    Its licence is shown first; a file with another hash than the known one is not kept.
    """
    from training.backbone.fetch import fetched  # noqa: PLC0415 - as above
    from training.backbone.published import published_as  # noqa: PLC0415 - the same
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - the same

    entry = published_as(name)
    click.echo(f"{entry.title}, {entry.bytes:,} bytes, from {entry.url}\nlicence: {entry.licence}, {entry.licence_url}")
    if not yes:
        click.confirm("fetch it under this licence?", abort=True)
    _echo(users_shelf().put(entry.name, fetched(entry), entry.url, entry.licence))


@backbone.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the .tflite file.")
@click.option("--teacher", required=True, help="The classifier to learn from: a .tflite file, or a name of your shelf.")
@click.option("--work", required=True, type=click.Path(path_type=Path), help="Keeps pictures and checkpoints.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Of the pictures, the first weights and the order.",
)
@click.option("--pictures", default=64_000, show_default=True, help="How many are drawn.")
@click.option("--side", "side_px", default=160, show_default=True, help="Of each picture, in pixels.")
@click.option("--steps", default=4_500, show_default=True, help="Updates, of 64 pictures each.")
@click.option("--threads", default=2, show_default=True, help="Of PyTorch; another number rounds differently.")
@click.option("--jobs", default=os.cpu_count() or 1, help="Processes that draw; all processors by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def train(output: Path, teacher: str, work: Path, jobs: int, *, as_json: bool, **wishes: int) -> None:
    """Make a backbone: draw pictures, and teach a small network what the teacher sees in them.

    No photograph is needed. An hour on two cores as it stands; what is in WORK already is not made
    again, so a run that was cut off goes on, and gives the same file as one that was not. Needs the extra `torch`.
    """
    try:
        from training.backbone.own_backbone import Wish, make_backbone  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise MissingExtraError(
            f"wanted PyTorch to train a backbone, found none ({error}); install it: pip install 'lepton-edge[torch]'"
        ) from error
    name, content = _teacher(teacher)
    with _bars(wishes["pictures"], wishes["steps"], quiet=as_json) as progress:
        made = make_backbone(Wish(content, name, **wishes), work, jobs, progress)
    write_whole(output, made.model)
    write_whole(output.with_suffix(".NOTICE"), made.notice)
    figures = {"output": str(output), "bytes": len(made.model), "explained": made.explained, "loss": made.loss}
    click.echo(
        document_text(figures)
        if as_json
        else f"wrote {output}: {len(made.model):,} bytes; it gives {made.explained:.1%} of what the teacher sees in "
        "drawn pictures that it did not learn from"
    )


def _teacher(wanted: str) -> tuple[str, bytes]:
    from training.backbone.shelf import users_shelf  # noqa: PLC0415 - as above

    path = Path(wanted)
    return (path.name, _read(path)) if path.exists() else (wanted, users_shelf().read(wanted))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInputError(
            f"wanted a quantised classifier (.tflite), found that {file} cannot be read ({error.strerror}); "
            "check the path"
        ) from error


def _name_of(file: Path) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in file.stem.lower()).split())[:40]


def _echo(kept: Shelved) -> None:
    click.echo(
        f"{kept.name}: {kept.bytes:,} bytes, SHA-256 {kept.sha256}; detectors see {kept.channels} channels\n"
        f"next: lepton train --backbone {kept.name}"
    )


@contextmanager
def _bars(pictures: int, steps: int, *, quiet: bool) -> Iterator[Callable[[str, int, float], object]]:
    """A bar for each stage on the terminal; nothing where there is none or JSON was asked for."""
    if quiet or not sys.stderr.isatty():
        yield lambda _stage, _done, _loss: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415 - the same

    with Progress(console=Console(stderr=True)) as bars:
        tasks = {"draw": bars.add_task("drawing", total=pictures), "learn": bars.add_task("learning", total=steps)}

        def tell(stage: str, done: int, loss: float) -> None:
            text = f"learning, error {loss:.3f}" if stage == "learn" else "drawing"
            bars.update(tasks[stage], completed=done, description=text)

        yield tell
