"""Another broker than the devices' own, as a table of the site's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from edge_contracts.errors import BadInputError
from edge_contracts.station.delivery import Tls
from edge_contracts.station.settings import PathText, Settings
from edge_contracts.tls_files import check_tls_files

if TYPE_CHECKING:
    from fleet_manager.ingest.broker_link import BrokerOptions


class BrokerSettings(Settings):
    """Where it is and who we are there."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    mqtt: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    username: str | None = None
    password_file: PathText | None = None
    tls: Tls | None = None

    def options(self, client_id: str) -> BrokerOptions:
        """The connection's options, its files looked at.

        Raises:
            BadInputError: a password or certificate file cannot be read, or is not what it should be.
        """
        from fleet_manager.ingest.broker_link import BrokerOptions  # noqa: PLC0415 - reading settings waits for no client

        tls = self.tls
        ca, certificate, key = (None, None, None) if tls is None else (tls.ca, tls.certificate, tls.key)
        check_tls_files(ca, certificate, key)
        password = None if self.password_file is None else _password(Path(self.password_file))
        return BrokerOptions(
            host=self.host,
            port=self.port,
            client_id=client_id,
            username=self.username,
            password=password,
            ca=ca,
            certificate=certificate,
            key=key,
            mqtt=self.mqtt,
            keepalive_s=self.keepalive_s,
        )


def _password(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(f"wanted a password in {path}, found {err}: correct password_file") from err
