"""`[webhooks]` of `site.toml`: where calls by HTTP may go besides."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings
from fleet_manager.desk.reach import Reach
from fleet_manager.network import Network


class WebhookSettings(Settings):
    """Networks that a webhook may reach although they are the manager's own machine or link."""

    may_reach: Annotated[tuple[Network, ...], Field(max_length=100)] = ()

    def reach(self) -> Reach:
        """As the courier takes it."""
        return Reach(tuple(ip_network(one) for one in self.may_reach))
