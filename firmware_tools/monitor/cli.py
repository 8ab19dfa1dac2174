"""`lepton firmware monitor`: watch a microcontroller, write down what it says, look at a recording."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_contracts.errors import BadInputError, OutageError
from firmware_tools.port_options import port_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from firmware_tools.monitor.watching import Seen

_SESSION_BITS = 31
_ARROWS = {"in": "<", "out": ">"}


@click.command()
@port_options
@click.option("--greet", is_flag=True, help="Begin a session and answer, so that the chip says everything once.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Watch so long; else until Ctrl-C.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Write down every byte; a new file.")
@click.option(
    "--replay", "recording", type=click.Path(path_type=Path, dir_okay=False), help="Look at a recording instead."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a line instead of text.")
def monitor(
    port: str | None,
    baud: int,
    seconds: float | None,
    record: Path | None,
    recording: Path | None,
    *,
    greet: bool,
    as_json: bool,
) -> None:
    """Show what a microcontroller says over the station protocol.

    Frame by frame, with its log. It only listens, unless --greet is given; the daemon must not have the port at the
    same time. What is stored under secret keys is never shown. Exit codes: 0 something was heard, 1 nothing was or the
    line broke, 2 wrong use or input.

    \b
    lepton firmware monitor --port usb-Espressif --greet --record line.jsonl
    lepton firmware monitor --replay line.jsonl --json
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    if (port is None) == (recording is None):
        raise BadInputError("wanted --port to watch or --replay to look at, found both or neither; give one of them")
    if recording is not None and (greet or record or seconds):
        raise BadInputError("wanted --replay alone, found --greet, --record or --seconds beside it; leave them out")
    from firmware_tools.monitor.watching import replay, watch  # noqa: PLC0415 - so that --help costs nothing

    with ExitStack() as closed:
        if recording is not None:
            _show(replay(recording), as_json=as_json)
            return
        from firmware_tools.link import RecordedLink, open_link  # noqa: PLC0415 - loads pyserial

        target = closed.enter_context(_new(record)) if record is not None else None
        link = closed.enter_context(closing(open_link(port or "", baud=baud)))
        line = RecordedLink(link, target, time.monotonic_ns) if target is not None else link
        session = secrets.randbits(_SESSION_BITS) + 1 if greet else None
        if not _show(watch(line, time.monotonic_ns, session=session, seconds=seconds), as_json=as_json):
            raise OutageError(
                "wanted a microcontroller, found nothing heard; check --baud, cable and power, try --greet"
            )


def _show(all_seen: Iterator[Seen], *, as_json: bool) -> int:
    """How many there were."""
    from firmware_tools.monitor.frame_words import document, words  # noqa: PLC0415 - as above

    number = 0
    for number, seen in enumerate(all_seen, 1):  # noqa: B007 - counted for the return
        if as_json:
            told = document(seen.frame) if seen.frame else {"refused": seen.why}
            click.echo(json.dumps({"ms": round(seen.after_ms, 3), "way": seen.way, **told}))
        else:
            told_words = words(seen.frame) if seen.frame else f"({seen.why})"
            click.echo(f"{seen.after_ms / 1000:10.3f} s {_ARROWS[seen.way]} {told_words}")
    return number


@contextmanager
def _new(path: Path) -> Iterator[TextIO]:
    """A new file, which is not there where nothing came into it; what the disk refuses is told with its name."""
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise BadInputError(f"wanted a new file to record to, found {path} there; give another name") from error
    try:
        yield file
    finally:
        try:
            file.close()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            if not path.stat().st_size:
                path.unlink()
