"""Which devices have said to be online and are not heard any more. Pure: who asks gives the time.

A broker that is killed says no will, so a device that died with it stays "online" in what the broker kept. A word that
was kept cannot be told from one that is said: it begins the silence anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.device import Presence, Status
from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.store.device_reading import STALE_S

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.news import News


@dataclass(slots=True)
class _Ear:
    online: Said
    heard_s: float
    is_silent: bool = False


class Silence:
    """Remembers when each device that is online was heard; times are monotonic seconds."""

    def __init__(self) -> None:
        self._ears: dict[DeviceAddress, _Ear] = {}

    def after(self, news: News, now_s: float) -> list[News]:
        """What is to be told because of a word: it, and that a device which was silent is online as it said."""
        if isinstance(news, Gone):
            self._ears.pop(news.device, None)
        if not isinstance(news, Said):
            return [news]
        if isinstance(news.content, Status):
            self._ears.pop(news.device, None)
            if news.content.status is Presence.ONLINE:
                self._ears[news.device] = _Ear(news, now_s)
            return [news]
        return [*self._heard(news.device, now_s), news]

    def fallen(self, now_s: float) -> list[News]:
        """The devices that have just been silent for too long, each once."""
        fallen = [one for one, ear in self._ears.items() if not ear.is_silent and now_s - ear.heard_s >= STALE_S]
        for one in fallen:
            self._ears[one].is_silent = True
        return [Unheard(one) for one in fallen]

    def forget(self) -> None:
        """Nobody is heard; the broker will say again what it has kept."""
        self._ears.clear()

    def _heard(self, device: DeviceAddress, now_s: float) -> list[News]:
        ear = self._ears.get(device)
        if ear is None:
            return []
        was_silent, ear.is_silent, ear.heard_s = ear.is_silent, False, now_s
        return [ear.online] if was_silent else []
