"""From a device, or one of its inspection points, to its place in the enterprise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fleet_manager.adapters.unified_namespace.settings import PlaceSettings

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.unified_namespace.settings import UnifiedNamespaceSettings

FUNCTION: Final = "inspection"


class Places:
    """The site's table of places; the point's own line is asked first, then the device's."""

    def __init__(self, settings: UnifiedNamespaceSettings) -> None:
        self._pattern = settings.pattern
        self._places = {(place.device, place.point): place for place in settings.places}

    def topic(self, device: DeviceAddress, leaf: str, point: str | None = None) -> str:
        """The full topic of one leaf of a device, or of one of its points."""
        place = self._place(device, point)
        base = self._pattern.format(
            enterprise=place.enterprise or device.org,
            site=place.site or device.site,
            area=place.area,
            line=place.line,
            cell=place.cell or device.device,
        )
        within = f"{FUNCTION}/{device.device}" if point is None else f"{FUNCTION}/{device.device}/{point}"
        return f"{base}/{within}/{leaf}"

    def _place(self, device: DeviceAddress, point: str | None) -> PlaceSettings:
        name = f"{device.org}/{device.site}/{device.device}"
        fallback = self._places.get((name, None))
        return self._places.get((name, point)) or fallback or PlaceSettings(device=name)
