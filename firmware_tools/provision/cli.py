"""`lepton firmware provision | labels`: give stations their identity, and print what is stuck on them."""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError, LeptonError, RefusedError
from firmware_tools.port_options import port_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from firmware_tools.provision.chip_storage import ChipStorage
    from firmware_tools.provision.ledger import Register, Row
    from firmware_tools.provision.provisioning import Provisioner
    from firmware_tools.provision.settings import Secret
    from firmware_tools.provision.tray import Place

PASSPHRASE_VARIABLE = "LEPTON_WIFI_PASSPHRASE"  # noqa: S105 - the name of a variable
_SESSION_BITS = 31

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--id", "identity", help="The identity of one station: 1 to 32 of a-z, 0-9 and '-'.")
@click.option("--tray", type=_FILE, help="A CSV with a row for each station: id, port, wifi_ssid, calibration.")
@click.option(
    "--ledger",
    "ledger_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The CSV that keeps which chip has which identity; made if it is not there.",
)
@port_options
@click.option("--wifi", "ssid", help="The Wi-Fi's name (SSID).")
@click.option("--passphrase-file", type=_FILE, help="The Wi-Fi's pass phrase, in a file that nobody else can read.")
@click.option("--open-network", is_flag=True, help="The Wi-Fi has no pass phrase.")
@click.option("--calibration", "calibration_path", type=_FILE, help="A file that is stored for the firmware as it is.")
@click.option(
    "--replaces", metavar="CHIP", help="This chip, as the ledger calls it, is out of service and gives its identity up."
)
@click.option("--rename", is_flag=True, help="A chip may get another identity than it has.")
@click.option("--again", is_flag=True, help="Write stations that are done, too: for a new pass phrase or calibration.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def provision(
    identity: str | None,
    tray: Path | None,
    ledger_path: Path,
    port: str | None,
    baud: int,
    ssid: str | None,
    passphrase_file: Path | None,
    calibration_path: Path | None,
    replaces: str | None,
    *,
    open_network: bool,
    rename: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Write identity, Wi-Fi and calibration to a microcontroller, read them back and compare.

    Every identity is claimed in the ledger before its chip is touched, so that no two chips ever have one, whatever
    fails. A tray is gone through row by row; stations that are done are left alone, so the same command goes on after
    a break. One station at a port is always looked at. What is done with other values is refused without --again. The
    pass phrase comes from a file, from LEPTON_WIFI_PASSPHRASE, or is asked for; it is written, never read back, and
    stands in no ledger.

    Exit codes: 0 all done, 1 a station was not, 2 wrong use or input.

    \b
    lepton firmware provision --id press-07 --port usb-Espressif --ledger stations.csv
    lepton firmware provision --tray tray.csv --wifi hall-2 --passphrase-file wifi.txt --ledger stations.csv
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from firmware_tools.provision.ledger import Ledger  # noqa: PLC0415 - fcntl, which no other command needs
    from firmware_tools.provision.provisioning import Exceptions, Provisioner  # noqa: PLC0415 - the same

    passphrase = None if open_network else _passphrase(ssid, tray, passphrase_file)
    places = _places(identity, tray, ssid, passphrase, calibration_path)
    _require_secret(places, passphrase_file, open_network=open_network)
    if sum(one.port is None for one in places) > 1 and not sys.stdin.isatty():
        raise BadInputError(
            "wanted a person who plugs in one station after the other, found no terminal; give the tray a column port"
        )
    _require_ports(places, port)
    if (replaces or rename) and tray is not None:
        raise BadInputError("wanted --replaces and --rename for one station at a time, found a tray; give --id")
    with Ledger(ledger_path) as ledger:
        _tell_torn(ledger.register, ledger_path)
        provisioner = Provisioner(ledger, lambda: datetime.now(timezone.utc), Exceptions(replaces, rename, again))
        outcomes = _outcomes(provisioner, places, port, baud, ledger_path, as_json=as_json)
    if failed := [one for one in outcomes if one["state"] == "failed"]:
        stations = f"{len(outcomes)} station{'' if len(outcomes) == 1 else 's'}"
        raise RefusedError(f"wanted {stations} provisioned, found {len(failed)} not; mend what each says")


@click.command()
@click.argument("ledger_path", metavar="LEDGER", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The first sheet, such as labels.svg.",
)
@click.option("--id", "ids", multiple=True, help="This station alone; may be given again.")
@click.option(
    "--png", "folder", type=click.Path(path_type=Path, file_okay=False), help="Each code alone, into a folder."
)
@click.option("--force", is_flag=True, help="Write over files that are no labels; never over the ledger.")
def labels(ledger_path: Path, output: Path, ids: tuple[str, ...], folder: Path | None, *, force: bool) -> None:
    """Draw labels with QR codes for the stations of LEDGER.

    A4, 24 labels of 70 × 37 mm a sheet; further sheets become labels-2.svg and so on. Print them without scaling.
    Older labels are written over, other files with --force alone.

    \b
    lepton firmware labels stations.csv -o labels.svg
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from edge_contracts.whole_file import write_whole  # noqa: PLC0415 - so that --help costs nothing
    from firmware_tools.output_file import require_output  # noqa: PLC0415 - the same
    from firmware_tools.provision.labels import chosen, code_picture, is_label, sheets  # noqa: PLC0415 - the same
    from firmware_tools.provision.ledger import read_register  # noqa: PLC0415 - the same

    if output.suffix != ".svg":
        raise BadInputError(f"wanted a name such as labels.svg, found {output}; --png FOLDER gives pictures")
    register = read_register(ledger_path)
    _tell_torn(register, ledger_path)
    rows = chosen(register, ids)
    drawn = {
        output if number == 1 else output.with_name(f"{output.stem}-{number}.svg"): sheet.encode()
        for number, sheet in enumerate(sheets(rows), 1)
    }
    shown = ", ".join(map(str, drawn))
    if folder is not None:
        drawn |= {folder / f"{row.id}.png": code_picture(row) for row in rows}
    for path in drawn:
        require_output(path, (ledger_path,), "label", is_label, force=force)
    if folder is not None:
        folder.mkdir(exist_ok=True)
    for path, content in drawn.items():
        write_whole(path, content)
    click.echo(f"{len(rows)} label{'' if len(rows) == 1 else 's'}: {shown}")


def _tell_torn(register: Register, path: Path) -> None:
    if register.torn:
        click.echo(f"note: the last row of {path} is torn and does not count: {register.torn!r}", err=True)


def _places(
    identity: str | None, tray: Path | None, ssid: str | None, passphrase: Secret | None, calibration: Path | None
) -> tuple[Place, ...]:
    from firmware_tools.provision.settings import Settings, read_calibration  # noqa: PLC0415 - as above
    from firmware_tools.provision.tray import Place, read_tray  # noqa: PLC0415 - as above

    content = None if calibration is None else read_calibration(calibration)
    if (identity is None) == (tray is None):
        raise BadInputError("wanted --id for one station or --tray for many, found both or neither; give one of them")
    if tray is not None:
        return read_tray(tray, ssid, passphrase, content)
    return (Place(Settings(identity or "", ssid, passphrase, content), None, is_alone=True),)


def _require_secret(places: tuple[Place, ...], passphrase_file: Path | None, *, open_network: bool) -> None:
    """An open network is asked for by name: a pass phrase that did not arrive is none."""
    if open_network and passphrase_file is not None:
        raise BadInputError("wanted --open-network or --passphrase-file, found both; give one of them")
    bare = [one.settings.id for one in places if one.settings.ssid is not None and one.settings.passphrase is None]
    if bare and not open_network:
        raise BadInputError(
            f"wanted a pass phrase for the Wi-Fi of {bare[0]}, found none; give --passphrase-file, set "
            f"{PASSPHRASE_VARIABLE}, or say --open-network"
        )


def _require_ports(places: tuple[Place, ...], port: str | None) -> None:
    """A way to every chip, before the first is touched."""
    if without := [] if port else [one.settings.id for one in places if one.port is None]:
        raise BadInputError(f"wanted a port for {without[0]}, found none; give --port, or the tray a column port")


def _passphrase(ssid: str | None, tray: Path | None, path: Path | None) -> Secret | None:
    """From the file, from the environment, or from the person at the terminal; None where no Wi-Fi is asked for."""
    from firmware_tools.provision.settings import Secret, read_passphrase  # noqa: PLC0415 - as above

    if path is not None:
        return read_passphrase(path)
    if given := os.environ.get(PASSPHRASE_VARIABLE):
        return Secret(given) if ssid is not None or tray is not None else None
    if ssid is not None and sys.stdin.isatty():
        return Secret(click.prompt(f"pass phrase of {ssid}", hide_input=True, err=True))
    return None


def _outcomes(
    provisioner: Provisioner, places: tuple[Place, ...], port: str | None, baud: int, ledger: Path, *, as_json: bool
) -> list[dict[str, Any]]:
    """What became of all stations; of a tray that is stopped, what was through is told, too."""
    outcomes: list[dict[str, Any]] = []
    try:
        for place in places:
            outcomes.append(_outcome(provisioner, place, port, baud, as_json=as_json))  # noqa: PERF401 - as above
    finally:
        if as_json:
            click.echo(document_text({"ledger": str(ledger), "stations": outcomes}))
    return outcomes


def _outcome(provisioner: Provisioner, place: Place, port: str | None, baud: int, *, as_json: bool) -> dict[str, Any]:
    """What became of one station; a tray goes on after a station that failed.

    Of a station that is done the ledger is asked alone in a tray, and its chip, too, where it was asked for by itself.
    """
    identity = place.settings.id
    before = None if provisioner.allowed.any else provisioner.ledger.register.done_as(identity)
    if before is not None and not place.is_alone:
        return _told(_before(place, before, _changed(place, before), "not looked at now"), as_json)
    try:
        with _chip(place, port, baud) as chip:
            if before is not None:
                differing = provisioner.differing(chip, place.settings)
                return _told(_before(place, before, differing, "looked at now"), as_json)
            row = provisioner.provide(chip, place.settings)
    except LeptonError as error:
        return _told({"id": identity, "state": "failed", "why": str(error)}, as_json)
    return _told({"id": identity, "state": "done", "board": row.board, "keys": list(row.marks)}, as_json)


def _changed(place: Place, before: Row) -> tuple[str, ...]:
    """The keys that were written with another value, as far as the ledger knows."""
    had = before.marks
    return tuple(
        one.key for one in place.settings.values if had.get(one.key) and one.mark != f"{one.key}:{had[one.key]}"
    )


def _before(place: Place, before: Row, differing: tuple[str, ...], how: str) -> dict[str, Any]:
    """What is said of a station that is done by the ledger: nothing is written, whatever is missing or differing."""
    had = before.marks
    outcome: dict[str, Any] = {"id": before.id, "state": "done", "board": before.board, "before": True}
    if missing := [one.key for one in place.settings.values if one.key not in had]:
        why = f"done before with {', '.join(had) or 'nothing'} alone and {how}; for {', '.join(missing)} give --again"
        return outcome | {"state": "failed", "why": why}
    if differing:
        why = f"done before with another value of {', '.join(differing)} and {how}; to write it give --again"
        return outcome | {"state": "failed", "why": why}
    unread = any(one.is_secret for one in place.settings.values)
    note = "; the pass phrase was not compared, --again writes it" if unread else ""
    return outcome | {"note": f"done before by the ledger and {how}{note}"}


@contextmanager
def _chip(place: Place, port: str | None, baud: int) -> Iterator[ChipStorage]:
    from firmware_tools.link import open_link  # noqa: PLC0415 - loads pyserial
    from firmware_tools.provision.chip_storage import ChipStorage  # noqa: PLC0415 - as above

    where = place.port or port or ""
    if place.port is None and sys.stdin.isatty():
        click.pause(f"connect {place.settings.id} to {where} and press a key", err=True)
    with closing(open_link(where, baud=baud)) as link:
        session = secrets.randbits(_SESSION_BITS) + 1
        yield ChipStorage(link, time.monotonic_ns, session)


def _told(outcome: dict[str, Any], as_json: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    if not as_json:
        last = outcome.get("why") or outcome.get("note") or _written(outcome["keys"])
        click.echo(
            f"{outcome['id']}: {outcome['state']}, {last}"
            + (f", chip {outcome.get('board')}" if "board" in outcome else "")
        )
    return outcome


def _written(keys: Sequence[str]) -> str:
    """What was done to a station, in words; nobody can read a secret back."""
    from firmware_tools.provision.settings import PASSPHRASE_KEY  # noqa: PLC0415 - as above

    return "written and read back" + (
        " but for the pass phrase, which is only written" if PASSPHRASE_KEY in keys else ""
    )
