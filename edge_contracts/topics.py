"""MQTT contract, version 1: which topic carries what. Root `lepton/1/{org}/{site}/{device}/…`, fixed depth.

Area, line and camera are fields of the payload, not levels, so that a broker's access control is one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from edge_contracts.identifiers import Slug

ROOT = "lepton/1"
_ROOT_LEVELS = 2
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Where a device speaks: organisation, site and device, each `[a-z0-9-]{1,32}`."""

    org: Slug
    site: Slug
    device: Slug

    @property
    def source(self) -> str:
        """The CloudEvents source, which is also the topic root of the device."""
        return f"{ROOT}/{self.org}/{self.site}/{self.device}"

    def topic(self, leaf: str) -> str:
        """The full topic of one leaf (`alert`, `ack`, `status`, …)."""
        return f"{self.source}/{leaf}"


def filter_for(leaf: str) -> str:
    """The subscription that hears one leaf of every device."""
    return f"{ROOT}/+/+/+/{leaf}"


def parse_topic(topic: str) -> tuple[DeviceAddress, str]:
    """Split a topic into the device's address and its leaf.

    Raises:
        BadInputError: the topic is not `lepton/1/{org}/{site}/{device}/{leaf}`.
    """
    levels = topic.split("/", _LEVELS - 1)
    if len(levels) != _LEVELS or "/".join(levels[:_ROOT_LEVELS]) != ROOT:
        raise BadInputError(f"wanted a topic {ROOT}/org/site/device/leaf, found {topic!r}")
    return DeviceAddress(*levels[_ROOT_LEVELS:-1]), levels[-1]
