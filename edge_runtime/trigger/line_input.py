"""A point's line trigger put together: its wire, its code reader, its queue of announced parts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from edge_contracts.station import BarcodePartId, TriggerPartId
from edge_contracts.station.timing import picture_within_ms
from edge_runtime.capture.backoff import Backoff
from edge_runtime.terminals.listener import Listener
from edge_runtime.trigger.announcement import Announcement, build_wire
from edge_runtime.trigger.backlog import Backlog
from edge_runtime.trigger.line_trigger import LineTrigger, Moments
from edge_runtime.trigger.part_names import CodeShelf, PartNames

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.terminals.chips import Chips
    from edge_runtime.trigger.announcement import LineTrigger as Settings
    from edge_runtime.trigger.given_names import GivenNames
    from edge_runtime.trigger.triggers import Lookout

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_REOPEN_MOST_S = 2.0
"""A wire of the line is nearer than a camera: it is tried again at least this often."""


def build_line_trigger(
    point: Point,
    settings: Settings,
    lookout: Lookout,
    clock: Clock,
    stop: threading.Event,
    expect: Callable[[int, int], None],
    given: GivenNames | None = None,
    chips: Chips | None = None,
) -> LineTrigger:
    """Build it; nothing of it runs yet.

    Args:
        point: its name, deadline and trigger.
        settings: the trigger.
        lookout: the point's pictures.
        clock: monotonic.
        stop: ends waits inside the loop.
        expect: told at once of each announced part: its moment, as trigger and at the camera.
        given: names of earlier parts of the point, None when there are none.
        chips: the microcontrollers that run, None where there are none.

    Raises:
        MissingExtraError: the wire's library is not installed.
        BadInputError: a file of the broker's connection cannot be used.
    """
    part_id = settings.part_id
    shelf = CodeShelf(part_id.max_age_s) if isinstance(part_id, BarcodePartId) else None
    by_trigger = isinstance(part_id, TriggerPartId) and settings.carries_part_id
    names = PartNames(shelf, by_trigger=by_trigger, given=given)
    backlog = Backlog(names, settings.queue, clock, expect)
    wire = build_wire(settings, f"lepton-{point.name}", clock, chips)
    ear = _listener(f"{point.name}-trigger", wire, backlog.announce, clock)
    listeners: tuple[Listener[Any], ...] = (ear,)
    if isinstance(part_id, BarcodePartId) and shelf is not None:
        listeners += (_code_reader(point.name, part_id, shelf, clock),)
    moments = _moments(point, settings)
    return LineTrigger(lookout, backlog, names, listeners, moments, clock, stop)


def _code_reader(name: str, settings: BarcodePartId, shelf: CodeShelf, clock: Clock) -> Listener[Announcement]:
    from edge_runtime.trigger.serial import LineWire  # noqa: PLC0415 - only a code reader needs it

    return _listener(f"{name}-codes", LineWire(settings, clock), shelf.put, clock)


def _listener(name: str, wire: Any, take: Callable[[Announcement], None], clock: Clock) -> Listener[Announcement]:
    backoff = Backoff(random.random, first_s=0.2, most_s=_REOPEN_MOST_S)
    return Listener(name, wire, take, clock=clock, backoff=backoff)


def _moments(point: Point, settings: Settings) -> Moments:
    within_ms = picture_within_ms(point, settings)
    return Moments(
        delay_ns=int(settings.delay_ms * _NS_PER_MS),
        within_ns=int(within_ms * _NS_PER_MS),
        unseen_ns=int(settings.interval_s * _NS_PER_S),
    )
