"""What the device says of itself when it connects and once per period: the birth and the state."""

from __future__ import annotations

import platform
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.device import Birth, PointState, State
from edge_contracts.evidence_upload import CAPABILITY as UPLOAD
from edge_contracts.stats import STATS
from edge_contracts.wire_time import wire_time
from edge_runtime.outbox.delivery_clock import this_boot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.alarm import AlarmType
    from edge_contracts.device import InspectionPoint
    from edge_contracts.station import StationConfig, Uplink
    from edge_runtime.outbox.delivery_clock import Moment
    from edge_runtime.outbox.outbox_counts import SpoolDepth

_DISTRIBUTION = "lepton-edge"
_HARDWARE = Path("/proc/device-tree/model")


@dataclass(frozen=True, slots=True)
class Health:
    """How station and board do, as the state tells it; None for what nobody can say.

    temperature_c: of the hottest sensor. throttled, under_voltage: now. busy: share of the processors' time, 0 to 1.
    memory_free_bytes: available. flash_bytes_per_day: written by the daemon in the last 24 hours.
    governor_level: steps of the governor in force. conditions: what is wrong now.
    """

    temperature_c: float | None = None
    throttled: bool | None = None
    under_voltage: bool | None = None
    busy: float | None = None
    memory_free_bytes: int | None = None
    flash_bytes_per_day: int | None = None
    governor_level: int | None = None
    conditions: tuple[AlarmType, ...] = ()


def capabilities_of(config: StationConfig) -> tuple[str, ...]:
    """What the station can that not each can, as its birth names it."""
    commands = tuple(f"cmd/{name}" for name in config.commands.allowed)
    uploads = () if config.upload is None else (UPLOAD,)
    return (*commands, *uploads) if config.remote is None else (*commands, *uploads, "desired")


def birth(
    session: int,
    epoch: str,
    uplink: Uplink,
    runtime: str,
    points: Sequence[InspectionPoint],
    mono_ms: int | None = None,
    capabilities: tuple[str, ...] = (),
) -> Birth:
    """The inventory, for one connection.

    Args:
        session: counts connections.
        epoch: the spool's life.
        uplink: who acknowledges.
        runtime: names and versions of the runtimes in use.
        points: the inspection points and their models.
        mono_ms: the board's monotonic clock, None to leave it out.
        capabilities: what the manager may ask for.
    """
    return Birth(
        session=session,
        epoch=epoch,
        version=version(_DISTRIBUTION),
        hardware=hardware(),
        system=platform.platform(),
        python=platform.python_version(),
        runtime=runtime,
        ack=uplink.ack,
        points=tuple(points),
        capabilities=(STATS, *capabilities),
        boot=this_boot(),
        mono=mono_ms,
    )


def state(
    moment: Moment,
    uptime_s: float,
    depth: SpoolDepth,
    state_folder: Path,
    points: tuple[PointState, ...],
    health: Health | None = None,
) -> State:
    """The health at this moment.

    Args:
        moment: all clocks.
        uptime_s: since the daemon started.
        depth: what waits in the spool.
        state_folder: whose disk is told of.
        points: what each inspection point did.
        health: of station and board.
    """
    return State(
        time=wire_time(moment.unix_ms),
        clk=moment.trust,
        uptime_s=round(uptime_s, 3),
        spool_depth=depth.rows,
        spool_age_s=round(depth.age_s, 3),
        disk_free_bytes=shutil.disk_usage(state_folder).free,
        points=points,
        **asdict(health or Health()),
    )


def hardware() -> str:
    """The board's name as its device tree gives it, else the kind of processor."""
    try:
        return _HARDWARE.read_text("utf-8", "replace").strip("\0\n ")
    except OSError:
        return platform.machine()
