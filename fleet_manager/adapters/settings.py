"""The faces of a site, as a table of its configuration; a face that is left out is not shown."""

from __future__ import annotations

from pydantic import model_validator

from edge_contracts.station.settings import Settings
from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings
from fleet_manager.adapters.sparkplug.settings import SparkplugSettings
from fleet_manager.adapters.unified_namespace.settings import UnifiedNamespaceSettings


class AdapterSettings(Settings):
    """All of them."""

    home_assistant: HomeAssistantSettings | None = None
    sparkplug: tuple[SparkplugSettings, ...] = ()
    unified_namespace: UnifiedNamespaceSettings | None = None

    @model_validator(mode="after")
    def _edge_nodes_differ(self) -> AdapterSettings:
        names = [f"{one.group}/{one.edge_node}" for one in self.sparkplug]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"wanted a group and edge node of its own per [[sparkplug]], found {', '.join(twice)} twice"
            )
        return self
