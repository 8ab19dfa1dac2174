"""Every metric of the manager in one table; docs/reference/manager-metrics.md is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from edge_contracts.device import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fleet_manager.desk.desk_health import DeskHealth
    from fleet_manager.store.device_reading import DeviceReading
    from fleet_manager.store.ledger import Shortfall

Sample = tuple[tuple[str, ...], float]
"""Label values in the order of the metric's labels, and the value."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one scrape sees, of the sites that the caller may see.

    devices: as they told last. shortfalls: what is lost and missing, by address; devices without any are absent.
    alerts: stored since the database was made. refused: messages in quarantine, each as often as it came. minutes: of
    statistics, stored and not counted yet. All three are None for a caller who may not see all sites.
    database_s: how long the database took for its smallest answer. is_ready: as `/readyz` says.
    desk: how cases, counts and calls do.
    now_ms: milliseconds since 1970-01-01 UTC.
    """

    devices: tuple[DeviceReading, ...]
    shortfalls: Mapping[str, Shortfall]
    alerts: int | None
    refused: int | None
    minutes: int | None
    database_s: float
    is_ready: bool
    desk: DeskHealth
    now_ms: int


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    labels: names; a sample gives their values in this order.
    read: the samples of a reading.
    """

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]
    read: Callable[[Reading], Iterable[Sample]]


def _one(value: Callable[[Reading], float | None]) -> Callable[[Reading], Iterator[Sample]]:
    """A single value; no sample where it is not known."""

    def samples(reading: Reading) -> Iterator[Sample]:
        found = value(reading)
        if found is not None:
            yield (), found

    return samples


def _each(value: Callable[[Reading, DeviceReading], float | None]) -> Callable[[Reading], Iterator[Sample]]:
    """A value per device; no sample where it is not known."""

    def samples(reading: Reading) -> Iterator[Sample]:
        for device in reading.devices:
            found = value(reading, device)
            if found is not None:
                yield (device.heard.address,), found

    return samples


def _online(reading: Reading, device: DeviceReading) -> float:
    return float(device.heard.presence(reading.now_ms) is Presence.ONLINE)


def _state_age_s(reading: Reading, device: DeviceReading) -> float | None:
    told_ms = device.heard.state_ms
    return None if told_ms is None else max(0.0, (reading.now_ms - told_ms) / 1000)


def _spool_depth(_: Reading, device: DeviceReading) -> float | None:
    return None if device.state is None else device.state.spool_depth


def _spool_age_s(_: Reading, device: DeviceReading) -> float | None:
    return None if device.state is None else device.state.spool_age_s


def _lost(reading: Reading) -> Iterator[Sample]:
    for device in reading.devices:
        shortfall = reading.shortfalls.get(device.heard.address)
        for why, count in shortfall.lost.items() if shortfall else ():
            yield (device.heard.address, why.value), count


def _missing(reading: Reading, device: DeviceReading) -> float:
    shortfall = reading.shortfalls.get(device.heard.address)
    return shortfall.missing if shortfall else 0


DEVICE: Final = ("device",)
METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "lepton_fleet_ready",
        "gauge",
        "1 while alerts are heard and stored, as /readyz says.",
        (),
        _one(lambda r: float(r.is_ready)),
    ),
    Metric(
        "lepton_fleet_alerts_total",
        "counter",
        "Alerts stored since the database was made; its rate is that of the ingest.",
        (),
        _one(lambda r: r.alerts),
    ),
    Metric(
        "lepton_fleet_refused_total",
        "counter",
        "Messages refused and kept, each as often as it came.",
        (),
        _one(lambda r: r.refused),
    ),
    Metric(
        "lepton_fleet_minutes_waiting",
        "gauge",
        "Minutes of statistics that are stored and not counted yet.",
        (),
        _one(lambda r: r.minutes),
    ),
    Metric(
        "lepton_fleet_database_seconds",
        "gauge",
        "How long the database took for its smallest answer, at this scrape.",
        (),
        _one(lambda r: r.database_s),
    ),
    Metric(
        "lepton_fleet_desk_troubled",
        "gauge",
        "Parts of the desk (rules, cases, counts, calls) whose last step failed; /readyz and the log name them.",
        (),
        _one(lambda r: len(r.desk.troubles)),
    ),
    Metric(
        "lepton_fleet_desk_left_out_total",
        "counter",
        "Rows that a part of the desk could not take and passed, since the manager started; the log names each.",
        (),
        _one(lambda r: r.desk.left_out),
    ),
    Metric(
        "lepton_fleet_devices",
        "gauge",
        "Devices that were ever heard, were it with a message that was refused.",
        (),
        _one(lambda r: len(r.devices)),
    ),
    Metric(
        "lepton_device_online",
        "gauge",
        "1 while the device is online: it said so, and told something within the last 180 s; else 0.",
        DEVICE,
        _each(_online),
    ),
    Metric(
        "lepton_device_state_age_seconds",
        "gauge",
        "Since the device last told its health.",
        DEVICE,
        _each(_state_age_s),
    ),
    Metric(
        "lepton_device_spool_rows",
        "gauge",
        "Messages that wait in the device's spool, as it told last.",
        DEVICE,
        _each(_spool_depth),
    ),
    Metric(
        "lepton_device_spool_age_seconds",
        "gauge",
        "Age of the oldest of them, as it told last.",
        DEVICE,
        _each(_spool_age_s),
    ),
    Metric(
        "lepton_device_lost",
        "gauge",
        "Messages that will never come, by reason: the loss ledger.",
        ("device", "why"),
        _lost,
    ),
    Metric(
        "lepton_device_missing",
        "gauge",
        "Messages that have not come yet, while later ones have.",
        DEVICE,
        _each(_missing),
    ),
)
