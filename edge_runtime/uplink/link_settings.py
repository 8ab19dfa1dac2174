"""From the `[uplink]` table to the connection that it asks for."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.tls_files import check_tls_files
from edge_runtime.uplink.mqtt_link import LinkOptions

if TYPE_CHECKING:
    from edge_contracts import station
    from edge_contracts.topics import DeviceAddress

_LOG = logging.getLogger(__name__)


def link_options(settings: station.Uplink, address: DeviceAddress, folder: Path) -> LinkOptions:
    """The connection that the station's settings ask for, its files looked at.

    Raises:
        BadInputError: a password or certificate file cannot be read, or is not what it should be.
    """
    tls = settings.tls
    ca, certificate, key = (
        _file(folder, name) if name else None for name in ((tls.ca, tls.certificate, tls.key) if tls else (None,) * 3)
    )
    check_tls_files(ca, certificate, key)
    password = None
    if settings.password_file:
        password = Path(_file(folder, settings.password_file)).read_text(encoding="utf-8").strip()
        if ca is None:
            _LOG.warning("the broker's password travels in plain text: give [uplink.tls] to encrypt the connection")
    return LinkOptions(
        host=settings.host,
        port=settings.port,
        client_id=f"{address.org}-{address.site}-{address.device}",
        keepalive_s=settings.keepalive_s,
        username=settings.username,
        password=password,
        ca=ca,
        certificate=certificate,
        key=key,
    )


def _file(folder: Path, name: str) -> str:
    path = folder / name
    if not os.access(path, os.R_OK) or not path.is_file():
        raise BadInputError(f"wanted a readable file for the uplink, found none at {path}: correct the path")
    return str(path)
