"""An address or a network in the file of a site."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as err:
        raise ValueError(f"wanted an address such as 10.0.0.5, or a network such as 10.0.0.0/24, found {err}") from err
    return text


Network = Annotated[str, AfterValidator(_network)]
