"""What a manager may write of a station's file: everything but what says who the board is and whom it obeys.

Those tables stay in the file on the board. So no configuration from afar can cut a board off, take its identity, or
widen what may be asked of it; and a person who moves the broker edits one file.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from edge_contracts.configuration import MAX_TEXT_BYTES
from edge_contracts.explain import explain
from edge_contracts.station.config import StationConfig
from edge_contracts.station.timing import timing_problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress

OWN_TABLES: Final[tuple[str, ...]] = ("station", "uplink", "commands", "remote")
"""They belong to the board's own file."""
_WHY: Final = {
    "station": "who the board is and where it keeps its state",
    "uplink": "how it reaches its broker",
    "commands": "what may be asked of it",
    "remote": "whose configurations it believes",
}


def parsed(text: str) -> tuple[dict[str, Any], list[str]]:
    """The tables of a text, and what speaks against it before its values are looked at."""
    if (size := len(text.encode("utf-8", "replace"))) > MAX_TEXT_BYTES:
        return {}, [f"wanted a configuration of at most {MAX_TEXT_BYTES} bytes, found {size}: leave comments out"]
    try:
        document: dict[str, Any] = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, [f"wanted TOML, found a mistake: {error}"]
    return document, [
        f"{table}: this table says {_WHY[table]}, and belongs to the board's own station.toml; leave it out"
        for table in OWN_TABLES
        if table in document
    ]


def problems_of(text: str, address: DeviceAddress) -> list[str]:
    """Every mistake that can be seen without the board: files and cameras are looked at there."""
    document, problems = parsed(text)
    if not document and problems:
        return problems
    rest = {table: content for table, content in document.items() if table not in OWN_TABLES}
    who = {"org": address.org, "site": address.site, "device": address.device}
    try:
        config = StationConfig.model_validate({**rest, "station": who})
    except ValidationError as error:
        return [*problems, *explain(error, StationConfig, document)]
    return [*problems, *timing_problems(config)]
