"""What a stored alert says; its envelope is in the columns beside it, and was judged when it came."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from edge_contracts.alert import Alert


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    data: Alert


def stored_alert(body: str) -> Alert:
    """The payload of an alert's JSON as received; an envelope that is refused today is no reason not to show it."""
    return _Stored.model_validate_json(body).data
