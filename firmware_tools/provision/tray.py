"""A tray of stations: a CSV with a row for each, checked as a whole before the first chip is touched."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.plain_file import require_plain
from firmware_tools.provision.settings import Settings, read_calibration

if TYPE_CHECKING:
    from pathlib import Path

    from firmware_tools.provision.settings import Secret

COLUMNS = ("id", "port", "wifi_ssid", "calibration")
_SECRET_WORDS = ("pass", "secret", "psk", "key")


@dataclass(frozen=True, slots=True)
class Place:
    """One station, of a tray or alone.

    port: where its chip is; None where it is plugged into the one port when its turn comes.
    is_alone: it was asked for by itself, and is no row of a tray.
    """

    settings: Settings
    port: str | None
    is_alone: bool = False


def read_tray(path: Path, ssid: str | None, passphrase: Secret | None, calibration: bytes | None) -> tuple[Place, ...]:
    """The stations of a tray, in the file's order.

    Args:
        path: a CSV with a heading; its columns are `COLUMNS`, of which `id` must be there. A calibration is a file,
            seen from the CSV's folder.
        ssid: for stations whose row names none.
        passphrase: of every station with Wi-Fi.
        calibration: for stations whose row names none.

    Raises:
        BadInputError: every error of the file at once.
    """
    rows = _rows(path)
    problems, places, seen, ports = [], [], dict[str, int](), dict[str, int]()
    for number, row in enumerate(rows, 2):
        try:
            place = _place(row, path, ssid, passphrase, calibration)
        except BadInputError as error:
            problems.append(f"line {number}: {error}")
            continue
        first = seen.setdefault(place.settings.id, number)
        if first != number:
            problems.append(f"line {number}: wanted each id once, found {place.settings.id} in line {first}, too")
        first = ports.setdefault(place.port, number) if place.port else number
        if first != number:
            problems.append(f"line {number}: wanted each port once, found {place.port} in line {first}, too")
        places.append(place)
    if problems:
        raise BadInputError(f"wanted a tray of stations in {path}, found:\n  " + "\n  ".join(problems))
    if not places:
        raise BadInputError(f"wanted a tray of stations in {path}, found a heading alone; add a row for each")
    return tuple(places)


def _rows(path: Path) -> list[dict[str, str]]:
    require_plain(path, "a CSV of stations")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
            names = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"wanted a CSV of stations in {path}, found: {error}; check the file") from error
    if len(names) == 1 and ";" in names[0]:
        raise BadInputError(f"wanted commas between the columns of {path}, found semicolons; save it with commas")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise BadInputError(
            f"wanted each column of {path} once, found {', '.join(map(repr, doubled))} several times; take all but one "
            "of each out"
        )
    for name in names:
        if any(word in name.lower() for word in _SECRET_WORDS):
            raise BadInputError(
                f"wanted no secrets in {path}, found the column {name!r}; give the pass phrase by --passphrase-file"
            )
        if name not in COLUMNS:
            close = get_close_matches(name, COLUMNS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise BadInputError(f"wanted the columns {', '.join(COLUMNS)} in {path}, found {name!r}{hint}")
    if "id" not in names:
        raise BadInputError(f"wanted a column id in {path}, found {', '.join(names) or 'nothing'}")
    odd = [str(number) for number, row in enumerate(rows, 2) if None in row or None in row.values()]
    if odd:
        raise BadInputError(f"wanted {len(names)} values in each row of {path}, found others in line {', '.join(odd)}")
    return rows


def _place(
    row: dict[str, str], path: Path, ssid: str | None, passphrase: Secret | None, calibration: bytes | None
) -> Place:
    own = (row.get("calibration") or "").strip()
    name = (row.get("wifi_ssid") or "").strip() or ssid
    settings = Settings(
        row["id"].strip(),
        name,
        passphrase if name is not None else None,
        read_calibration(path.parent / own) if own else calibration,
    )
    return Place(settings, (row.get("port") or "").strip() or None)
