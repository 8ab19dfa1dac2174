"""Where in a graph a head's answer stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DrawnHead:
    """Tensors by name.

    logit: 1 float32.
    places: 1×h×w×1 float32, the logit of each place of the heat map; None for a head that sees the whole alone.
    """

    logit: str
    places: str | None = None
