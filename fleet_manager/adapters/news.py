"""What the faces are told of: a device said something, a device is gone, or nobody can hear the devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.device import Birth, State, Status

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress

Content: TypeAlias = Status | Birth | State | Alarm | AlertEvent


@dataclass(frozen=True, slots=True)
class Said:
    """A device's word, judged by its contract."""

    device: DeviceAddress
    content: Content

    @property
    def subject(self) -> str:
        """What a later word of the same device about the same thing replaces."""
        content = self.content
        if isinstance(content, Alarm):
            return f"alarm/{content.type.value}"
        return f"alert/{content.data.point}" if isinstance(content, AlertEvent) else type(content).__name__.lower()


@dataclass(frozen=True, slots=True)
class Gone:
    """A device that was removed: nothing of it is to remain."""

    device: DeviceAddress


@dataclass(frozen=True, slots=True)
class Unheard:
    """How a device does is not known: it has been silent for too long; None: none of them, their broker is away."""

    device: DeviceAddress | None = None


News: TypeAlias = Said | Gone | Unheard
