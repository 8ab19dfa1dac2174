"""How a site shows its devices in Home Assistant."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_contracts.station.settings import Settings
from fleet_manager.adapters.topic_words import TopicName


class HomeAssistantSettings(Settings):
    """Home Assistant listens at the devices' own broker: its entities read the devices' topics themselves."""

    discovery_prefix: Annotated[TopicName, Field(description="as in Home Assistant's MQTT options")] = "homeassistant"
    status_topic: Annotated[TopicName, Field(description="where Home Assistant says online")] = "homeassistant/status"
    configuration_url: Annotated[
        str | None, Field(description="the manager's address, shown as Visit", pattern=r"^https?://\S+$")
    ] = None
