"""A minute that a station told, as rows of `minutes`: one per point and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_contracts.stats import StatsEvent

if TYPE_CHECKING:
    from fleet_manager.arrival import Arrival


def minute_rows(one: Arrival, now_ms: int) -> list[dict[str, Any]]:
    """The rows of one arrival; none where it tells no minute.

    Args:
        one: what arrived.
        now_ms: the time of storing, milliseconds since 1970-01-01 UTC.
    """
    event = one.content
    if not isinstance(event, StatsEvent):
        return []
    data = event.data
    common = {
        "address": one.address,
        "boot": data.boot or "",
        "clk": event.clk.value,
        "time_ms": int(event.time.timestamp() * 1000),
        "mono_ms": event.mono,
        "from_mono": data.from_mono,
        "until_mono": data.until_mono,
        "stored_ms": now_ms,
    }
    return [
        {
            **common,
            "point": point.point,
            "model": point.model or "",
            "good": point.good,
            "defect": point.defect,
            "unknown": sum(point.unknown.values()),
        }
        for point in data.points
    ]
