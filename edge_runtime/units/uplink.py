"""`[uplink]`: the connection to the broker."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime import inventory
from edge_runtime.supervisor import Part, Prepared, Unit
from edge_runtime.units.commands import COMMANDS
from edge_runtime.units.secret_files import secret_files
from edge_runtime.units.spool import OUTBOX, address

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.configuration import Reported
    from edge_contracts.device import State
    from edge_contracts.station import StationConfig
    from edge_contracts.station import Uplink as Settings
    from edge_runtime.infer.predictor import Predictor
    from edge_runtime.outbox.outbox import Outbox
    from edge_runtime.units.surroundings import Surroundings
    from edge_runtime.uplink.uplink import Announcements

UPLINK = "the uplink"

_STOP_S = 11.0
"""A broker that does not answer is given up after 10 s (5 to connect, 5 to be heard). Who looks up a name for longer
holds nothing that a restart of the daemon would free."""
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


def uplink(config: StationConfig, around: Surroundings) -> Unit:
    """What brings alerts to the broker; nothing where the file has no such table."""
    settings, station = config.uplink, config.station

    def start() -> Part:
        if settings is None:
            _log.warning("no [uplink] in the configuration: alerts stay in the spool")
            before = around.running.uplink_before
            return Part(lambda timeout_s: before is None or before.stop(timeout_s))
        return _started(config, settings, around)

    def prepare() -> Prepared:
        if settings is not None:
            from edge_runtime.uplink.link_settings import link_options  # noqa: PLC0415 - as above

            link_options(settings, address(station), Path())
        return Prepared(start)

    return Unit(
        UPLINK,
        "uplink",
        (station, settings, secret_files(settings), config.remote, config.upload is not None),
        prepare,
        _STOP_S,
        needs=(OUTBOX, COMMANDS),
        needs_restart=False,
        hands_over_on=(OUTBOX,),
    )


def _started(config: StationConfig, settings: Settings, around: Surroundings) -> Part:
    from edge_runtime.uplink.uplink import Uplink  # noqa: PLC0415 - a station without a broker needs no MQTT client

    running = around.running
    if running.outbox is None:
        raise AssertionError("the uplink stands on the spool")
    made = Uplink(
        running.outbox,
        address(config.station),
        settings,
        _announcements(config, settings, running.outbox, around),
        orders=running.commands,
        desired=_desired(config, around),
        after=running.uplink_before,
    )
    made.start()
    running.uplink = made

    def ask_to_stop() -> None:
        running.uplink, running.uplink_before = None, made
        made.ask_to_stop()

    return Part(made.stop, ask_to_stop, trouble=lambda _: None if made.running else "the uplink's thread is dead")


def _announcements(config: StationConfig, settings: Settings, outbox: Outbox, around: Surroundings) -> Announcements:
    from edge_runtime.uplink.uplink import Announcements  # noqa: PLC0415 - as above

    points = around.running.points
    return Announcements(
        birth=lambda session, epoch: inventory.birth(
            session,
            epoch,
            settings,
            ", ".join(sorted({_runtime_name(one) for point in tuple(points.values()) for one in point.predictors})),
            [point.inventory for point in tuple(points.values())],
            around.delivery_clock.now().mono_ms,
            inventory.capabilities_of(config),
        ),
        reported=_reported(config, around),
        state=lambda: state_of(outbox, Path(config.station.state_folder), around),
        alarms=around.conditions.alarms,
    )


def _desired(config: StationConfig, around: Surroundings) -> Callable[[bytes], None] | None:
    """Who takes configurations of the manager; None for a station that takes none."""
    managed = around.managed
    if config.remote is None or managed is None:
        return None

    def hear(body: bytes) -> None:
        if managed.hear(body):
            around.reload.set()

    return hear


def _reported(config: StationConfig, around: Surroundings) -> Callable[[], Reported | None]:
    managed = around.managed
    return managed.reported if config.remote is not None and managed is not None else lambda: None


def state_of(outbox: Outbox, state_folder: Path, around: Surroundings) -> State:
    """The health at this moment."""
    return inventory.state(
        around.delivery_clock.now(),
        (around.clock.now_ns() - around.started_at_ns) / _NS_PER_S,
        outbox.depth(),
        state_folder,
        around.tally.states(),
        around.running.health.summary() if around.running.health else None,
    )


def _runtime_name(predictor: Predictor) -> str:
    return f"{predictor.backend.runtime} {predictor.backend.version}"
