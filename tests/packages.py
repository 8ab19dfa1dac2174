"""What our wheel holds."""

from __future__ import annotations

from typing import Final

PACKAGES: Final = (
    "lepton",
    "edge_contracts",
    "device_profiles",
    "edge_runtime",
    "converters",
    "training",
    "fleet_manager",
    "firmware_tools",
)
