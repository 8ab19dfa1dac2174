"""The station's file, and a text of the manager in the place of its tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_contracts.station import Remote, Station
from edge_contracts.station.remote_text import OWN_TABLES, parsed
from edge_contracts.topics import DeviceAddress
from edge_runtime.config import ConfigRejected, check_station, load_station, parse_station, with_absolute_paths

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import StationConfig


@dataclass(frozen=True, slots=True)
class StationFile:
    """The board's own file, read once.

    remote: None where it takes no configurations. digest: SHA-256 of its bytes.
    """

    path: Path
    document: dict[str, Any]
    digest: str
    remote: Remote | None
    address: DeviceAddress
    state_folder: Path

    @classmethod
    def read(cls, path: Path) -> StationFile:
        """The file, as far as it says whom the board obeys; its points may be wrong.

        Raises:
            ConfigRejected: it is no TOML, or those tables are wrong.
        """
        folder = path.resolve().parent
        document = with_absolute_paths(parse_station(path), folder)
        try:
            station = Station.model_validate(document.get("station"))
            remote = Remote.model_validate(document["remote"]) if "remote" in document else None
        except ValueError:
            config = load_station(path)  # tells every mistake
            station, remote = config.station, config.remote
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        address = DeviceAddress(station.org, station.site, station.device)
        return cls(path, document, digest, remote, address, folder / station.state_folder)

    def own(self) -> StationConfig:
        """What the file says.

        Raises:
            ConfigRejected: lists every mistake.
        """
        return check_station(self.document, self.path.resolve().parent, str(self.path))

    def under(self, text: str, name: str) -> StationConfig:
        """What a text of the manager says, with the tables that belong to the board.

        Args:
            text: TOML.
            name: of the text, for the errors.

        Raises:
            ConfigRejected: lists every mistake.
        """
        document, problems = parsed(text)
        if problems:
            raise ConfigRejected("\n  ".join([f"wanted a usable configuration in {name}, found:", *problems]), problems)
        kept = {table: self.document[table] for table in OWN_TABLES if table in self.document}
        return check_station({**document, **kept}, self.path.resolve().parent, name)
