"""`lepton firmware flash`: write a firmware image into a chip, and say in which state the chip is left."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError, OutageError
from firmware_tools.flash.end_state import MEANINGS, EndState
from firmware_tools.flash.families import FAMILIES, Options, build_flasher, family_of
from firmware_tools.flash.flashing import Interrupted, Outcome, flash
from firmware_tools.image import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from firmware_tools.image import FirmwareImage

DRY_NEXT = "give --write to write; reset the chip if it still waits in its bootloader"
LAST_ADDRESS = 0xFFFFFFFF
STOPS = (signal.SIGTERM, signal.SIGHUP)
EXIT_REFUSED, EXIT_WRONG_USE, EXIT_STOPPED = 1, 2, 130


class _Address(click.ParamType[int]):
    """An address of 32 bits, decimal or hexadecimal."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that was written."""
        try:
            found = value if isinstance(value, int) else int(value, 0)
        except ValueError:
            found = -1
        if not 0 <= found <= LAST_ADDRESS:
            self.fail(f"wanted a number such as 0x10000, at most {LAST_ADDRESS:#x}, found {value!r}", param, ctx)
        return found


@click.command("flash")
@click.argument("image", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--port", default="", help="Serial port (best from /dev/serial/by-id), or the drive of an RP2 board.")
@click.option("--family", type=click.Choice(list(FAMILIES)), help="How the chip is flashed; by default what IMAGE is.")
@click.option("--chip", help="The chip or board that you expect, where the image names none; a dry run shows it.")
@click.option("--address", type=_Address(), help="Where a raw binary or an ESP program belongs, such as 0x08000000.")
@click.option(
    "--baud", type=click.IntRange(min=1200), help="Speed of the line; by default 460800 for an ESP, else 115200."
)
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.1), help="Seconds that the longest step may take.")
@click.option(
    "--attempts",
    default=3,
    show_default=True,
    type=click.IntRange(1, 20),
    help="How often to write in all, where the line breaks.",
)
@click.option("--no-confirm", is_flag=True, help="MCUboot: leave the new image on trial.")
@click.option("--by-hand", is_flag=True, help="DTR and RTS are not wired: you hold BOOT and press reset.")
@click.option("--no-stub", is_flag=True, help="ESP: talk to the ROM's own loader alone; slower.")
@click.option("--swap-lines", is_flag=True, help="STM32: RTS is NRST and DTR is BOOT0.")
@click.option("--write", is_flag=True, help="Write, even where no terminal watches, as in a script.")
@click.option("--dry-run", is_flag=True, help="Identify the chip and check the fit, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.pass_context
def flash_command(
    ctx: click.Context, /, image: Path, *, write: bool, dry_run: bool, as_json: bool, **asked: Any
) -> None:
    """Write the firmware IMAGE into the chip at a port.

    The chip is identified first, and another one than the image's is refused; what was written is verified; the last
    lines say in which state the chip is, and what to do next. Where no person watches (no terminal) it only says what
    it would do, until --write is given. Exit code 0: the new image is in place (or would fit); 1: it is not; 2: wrong
    use; 130: stopped by Ctrl-C.
    """
    if write and dry_run:
        raise BadInputError("wanted --write or --dry-run, found both; give one")
    watched = sys.stdin.isatty() and sys.stdout.isatty()
    trying = dry_run or not (write or watched)
    found = read_image(image)
    family = family_of(found, asked["family"])
    outcome = _flashed(family, found, asked, quiet=as_json, dry_run=trying)
    document = _document(family, outcome, dry_run=trying)
    click.echo(document_text(document) if as_json else "\n".join(_lines(document, told_to_write=dry_run)))
    ctx.exit(_code(outcome, dry_run=trying))


def _flashed(family: str, image: FirmwareImage, asked: dict[str, Any], *, quiet: bool, dry_run: bool) -> Outcome:
    try:
        flasher = build_flasher(family, image, _options(asked), time.sleep)
    except OutageError as error:  # the port is not there
        return Outcome(EndState.UNTOUCHED, None, error, 0)
    with _stoppable(), _progress(quiet=quiet) as told:
        return flash(
            flasher,
            image,
            expected=asked["chip"],
            attempts=asked["attempts"],
            told=told,
            sleep=time.sleep,
            dry_run=dry_run,
        )


def _options(asked: dict[str, Any]) -> Options:
    return Options(
        port=asked["port"],
        baud=asked["baud"],
        address=asked["address"],
        timeout_s=asked["timeout_s"],
        confirm=not asked["no_confirm"],
        wired=not asked["by_hand"],
        stub=not asked["no_stub"],
        swapped=asked["swap_lines"],
    )


def _document(family: str, outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    meaning = MEANINGS[outcome.end_state]
    return {
        "family": family,
        "chip": outcome.chip.name if outcome.chip else None,
        "details": outcome.chip.details if outcome.chip else None,
        "untold": outcome.chip.untold or None if outcome.chip else None,
        "dry_run": dry_run,
        "done": outcome.done,
        "state": outcome.end_state.value,
        "meaning": meaning.sentence,
        "next_step": DRY_NEXT if dry_run and outcome.error is None else meaning.next_step,
        "attempts": outcome.attempts,
        "error": str(outcome.error) if outcome.error else None,
    }


def _lines(document: dict[str, Any], *, told_to_write: bool) -> list[str]:
    """What a person reads; the last line is the chip's state."""
    told = [f"chip    {document['chip']} {document['details']}".rstrip()] if document["chip"] else []
    if document["error"]:
        told.append(f"error   {document['error']}")
    elif document["dry_run"]:
        why = "as --dry-run asks" if told_to_write else "for no person watches; give --write to write"
        told.append(f"fits    nothing was written, {why}")
        told += [f"note    {document['untold']}"] if document["untold"] else []
    return [*told, f"state   {document['state']}: {document['meaning']}", f"next    {document['next_step']}"]


def _code(outcome: Outcome, *, dry_run: bool) -> int:
    if isinstance(outcome.error, Interrupted):
        return EXIT_STOPPED
    if isinstance(outcome.error, BadInputError):
        return EXIT_WRONG_USE
    return 0 if outcome.done or (dry_run and outcome.error is None) else EXIT_REFUSED


@contextmanager
def _stoppable() -> Iterator[None]:
    """Being told to stop, and a terminal that closes, are taken as Ctrl-C: no program is left, and the state is told.

    What is ignored stays so, as under nohup.
    """
    before = {one: signal.getsignal(one) for one in STOPS}
    taken = [one for one, handler in before.items() if handler is not signal.SIG_IGN]
    for one in taken:
        signal.signal(one, _stop)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, before[one])


def _stop(_: int, __: FrameType | None) -> None:
    """As Ctrl-C, once: a terminal that closes says so twice, itself and by its shell."""
    for one in STOPS:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[float], object]]:
    """A bar on the terminal; nothing where there is none."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415 - the same

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("writing", total=1.0)
        yield lambda share: bar.update(task, completed=share)
