"""How the suite's processes are started: from this checkout, with nothing of a service manager around them."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def environment(**more: str) -> dict[str, str]:
    """The process environment of every daemon and server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NOTIFY_", "WATCHDOG_"))}
    return kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"} | more
