"""Times of a station's points that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.station.line_trigger import LineTrigger
from edge_contracts.station.signal_source import MicrophoneSource, SerialSource
from edge_contracts.station.trigger import IntervalTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station.config import StationConfig
    from edge_contracts.station.point import Point

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
            yield from _line_problems(f"points.{index}.trigger", point, trigger)


def picture_within_ms(point: Point, trigger: LineTrigger) -> float:
    """So long after `delay_ms` a reading is still the part's."""
    return trigger.picture_within_ms or (point.deadline_ms - trigger.delay_ms) / 2


def _line_problems(where: str, point: Point, trigger: LineTrigger) -> Iterator[str]:
    needed_ms = trigger.delay_ms + (trigger.picture_within_ms or 0.0)
    if needed_ms >= point.deadline_ms:
        yield (
            f"{where}: wanted delay_ms and picture_within_ms together below the deadline of "
            f"{point.deadline_ms:g} ms, found {needed_ms:g}; lower them or raise deadline_ms"
        )
    elif isinstance(point.source, MicrophoneSource | SerialSource):
        within_ms, window_ms = picture_within_ms(point, trigger), point.source.fresh_window_s * _MS_PER_S
        if within_ms < window_ms:
            yield (
                f"{where}: wanted picture_within_ms of at least {window_ms:g}, the hop and the window of the source, "
                f"because a part's window begins after its announcement, found {within_ms:g}; raise picture_within_ms "
                "(without it half of deadline_ms less delay_ms counts) and deadline_ms, or shorten the window"
            )
