"""What a head says when a network's outputs are not what its manifest describes."""

from __future__ import annotations

from edge_contracts.errors import LeptonError


class HeadRefused(LeptonError, ValueError):
    """The outputs have other shapes, or name other classes, than the manifest's head can read."""
