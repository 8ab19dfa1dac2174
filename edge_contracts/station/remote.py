"""Whether this board takes configurations from its manager, and from which one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.configuration import PublicKey
from edge_contracts.station.settings import Settings


class Remote(Settings):
    """The manager whose configurations are believed; without this table none is."""

    trusted_key: Annotated[PublicKey, Field(description="the manager's public key, as its pages show it")]
    proving_s: Annotated[
        float, Field(ge=1, le=3600, description="so long a new configuration must do what the old one did")
    ] = 60.0
