"""Commands as a manager sends them."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from edge_runtime.commands.admission import Order
from tests.fakes.letters import HandClock

ID = "0190aaaa-0000-7000-8000-000000000001"


def order(name: str = "ping", *, retained: bool = False, number: int = 1, in_s: float = 30, **fields: Any) -> Order:
    """One that is good, by the fakes' clock, unless a test says otherwise."""
    expires = datetime.fromtimestamp(HandClock().unix_ms / 1000 + in_s, timezone.utc).isoformat()
    body = {"id": f"{ID[:-4]}{number:04x}", "expires": expires, **fields}
    return Order(name, json.dumps(body).encode(), retained)
