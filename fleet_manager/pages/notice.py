"""A sentence above a page: something was done, or was not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """kind: `done`, `warning` or `problem`."""

    kind: str
    text: str
