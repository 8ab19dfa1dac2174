"""Times of a station's points that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.station.line_trigger import LineTrigger
from edge_contracts.station.trigger import IntervalTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station.config import StationConfig

_MS_PER_S: Final = 1000


def timing_problems(config: StationConfig) -> Iterator[str]:
    """One sentence for each."""
    for index, point in enumerate(config.points):
        trigger = point.trigger
        if isinstance(trigger, IntervalTrigger) and trigger.interval_s * _MS_PER_S < point.deadline_ms:
            yield (
                f"points.{index}.deadline_ms: wanted at most the interval of {trigger.interval_s * _MS_PER_S:g} ms, "
                f"found {point.deadline_ms:g}; lower deadline_ms or raise interval_s"
            )
        if isinstance(trigger, LineTrigger):
            needed_ms = trigger.delay_ms + (trigger.picture_within_ms or 0.0)
            if needed_ms >= point.deadline_ms:
                yield (
                    f"points.{index}.trigger: wanted delay_ms and picture_within_ms together below the deadline of "
                    f"{point.deadline_ms:g} ms, found {needed_ms:g}; lower them or raise deadline_ms"
                )
