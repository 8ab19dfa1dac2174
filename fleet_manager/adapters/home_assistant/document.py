"""The discovery document of one device, and its topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge_contracts.errors import BadInputError
from fleet_manager.adapters.home_assistant.components import components

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_contracts.device import Birth
    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings

ORIGIN: Final = "Lepton Edge fleet manager"
_MAKER: Final = "Lepton Edge"
_OBJECT_FIRST: Final = "lepton_"


@dataclass(frozen=True, slots=True)
class Documents:
    """Writes and reads the documents.

    settings: the site's. version: the manager's own.
    """

    settings: HomeAssistantSettings
    version: str

    @property
    def filter(self) -> str:
        """The subscription that hears what the broker keeps of them."""
        return f"{self.settings.discovery_prefix}/device/+/config"

    def topic(self, device: DeviceAddress) -> str:
        """Where a device's document stands."""
        return f"{self.settings.discovery_prefix}/device/{object_id(device)}/config"

    def is_document(self, topic: str) -> bool:
        """Whether a device's document stands under a topic."""
        first, last = self.filter.split("+")
        return topic.startswith(first) and topic.endswith(last)

    def body(self, device: DeviceAddress, birth: Birth, left: Mapping[str, str]) -> bytes:
        """The document, JSON.

        Args:
            device: who.
            birth: what it said of itself.
            left: entities that it once had, and the platform of each; a bare platform removes an entity.
        """
        name = object_id(device)
        now = components(device, birth, name)
        gone = {key: {"platform": platform} for key, platform in left.items() if key not in now}
        document = {
            "device": self._device(device, birth, name),
            "origin": {"name": ORIGIN, "sw_version": self.version},
            "components": now | gone,
            "qos": 1,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def _device(self, device: DeviceAddress, birth: Birth, name: str) -> dict[str, Any]:
        about: dict[str, Any] = {
            "identifiers": [name],
            "name": device.device,
            "manufacturer": _MAKER,
            "model": birth.hardware,
            "sw_version": birth.version,
            "suggested_area": device.site,
        }
        if self.settings.configuration_url is not None:
            about["configuration_url"] = self.settings.configuration_url
        return about


def standing(body: bytes) -> dict[str, str] | None:
    """The platform of each entity that a document of ours announces; None when it is not ours.

    Raises:
        BadInputError: it is no discovery document.
    """
    try:
        document = json.loads(body)
        if document["origin"]["name"] != ORIGIN:
            return None
        return {str(key): str(one["platform"]) for key, one in document["components"].items() if len(one) > 1}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise BadInputError(f"wanted a device discovery document, found {err!r}: remove it from the broker") from err


def object_id(device: DeviceAddress) -> str:
    """The device's id in Home Assistant; '_' is in none of the three names, so no two devices share one."""
    return f"{_OBJECT_FIRST}{device.org}_{device.site}_{device.device}"
