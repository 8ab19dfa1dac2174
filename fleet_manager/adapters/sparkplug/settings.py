"""How a site is shown to a SCADA system: one edge node per organisation and site."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from edge_contracts.identifiers import Slug
from edge_contracts.station.settings import Settings
from fleet_manager.adapters.broker_settings import BrokerSettings

SparkplugId = Annotated[str, StringConstraints(pattern=r"^[^/+#\x00-\x1f]+$", max_length=128)]
"""A level of a Sparkplug topic: no '/', '+' or '#' (tck-id-topic-structure-namespace-valid-group-id)."""


class SparkplugSettings(Settings):
    """One edge node."""

    org: Slug
    site: Slug
    group_id: Annotated[SparkplugId | None, Field(description="the site's name when left out")] = None
    edge_node_id: Annotated[SparkplugId | None, Field(description="the organisation's name when left out")] = None
    primary_host: Annotated[
        SparkplugId | None, Field(description="births wait for this host application's word that it is online")
    ] = None
    broker: Annotated[
        BrokerSettings | None, Field(description="the SCADA system's broker; the devices' own when left out")
    ] = None

    @property
    def group(self) -> str:
        """The group's id in topics."""
        return self.group_id or self.site

    @property
    def edge_node(self) -> str:
        """The edge node's id in topics."""
        return self.edge_node_id or self.org
