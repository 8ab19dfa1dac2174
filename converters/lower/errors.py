"""What the lowering says no to."""

from __future__ import annotations

from edge_contracts.errors import BadInputError


class CannotLowerError(BadInputError):
    """A node has no form in TFLite; the message names the node, the reason, and what to change."""
