"""Every metric of the daemon in one table; another part of the daemon hands its own rows to `WebFace.start`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge_contracts.alarm import AlarmType
from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge_contracts.device import State
    from edge_runtime.web.insight import Counters, Insight, PointFace
    from edge_runtime.web.score_keeper import ScoreCounts
    from edge_runtime.web.verdict_meter import Histogram, VerdictMeter

Sample = tuple[tuple[str, ...], "float | Histogram"]
"""Label values in the order of the metric's labels, and the value."""

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one scrape sees; the state and the counters are asked for once."""

    insight: Insight
    meter: VerdictMeter
    scores: ScoreCounts
    web_crashes: int
    state: State | None
    counters: Counters


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    labels: names; a sample gives their values in this order.
    read: the samples at this moment; must not wait.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...]
    read: Callable[[Reading], Iterable[Sample]]


def _points(value: Callable[[PointFace], float]) -> Callable[[Reading], Iterator[Sample]]:
    def samples(reading: Reading) -> Iterator[Sample]:
        for face in reading.insight.points():
            yield (face.name,), value(face)

    return samples


def _one(value: Callable[[Reading], float | None]) -> Callable[[Reading], Iterator[Sample]]:
    """A single value; no sample while it is not known."""

    def samples(reading: Reading) -> Iterator[Sample]:
        found = value(reading)
        if found is not None:
            yield (), found

    return samples


def _verdicts(reading: Reading) -> Iterator[Sample]:
    for (point, outcome, cause), count in reading.meter.counts().items():
        yield (point, outcome.value, cause.value), count


def _latencies(reading: Reading) -> Iterator[Sample]:
    for point, histogram in reading.meter.latencies().items():
        yield (point,), histogram


def _last(reading: Reading) -> Iterator[Sample]:
    for state in reading.state.points if reading.state else ():
        for outcome in Outcome:
            yield (state.point, outcome.value), float(state.last is outcome)


def _acks(reading: Reading) -> Iterator[Sample]:
    for verdict, count in reading.counters.outbox.acks.items() if reading.counters.outbox else ():
        yield (verdict.value,), count


def _alarms(reading: Reading) -> Iterator[Sample]:
    lasting = {alarm.type for alarm in reading.insight.alarms()}
    for kind in AlarmType:
        yield (kind.value,), float(kind in lasting)


def _resident_bytes(_: Reading) -> float | None:
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _failing(reading: Reading) -> float:
    return float(bool(reading.insight.troubles()))


def _state(name: str) -> Callable[[Reading], Iterator[Sample]]:
    return _one(lambda reading: getattr(reading.state, name, None))


def _delivery(name: str) -> Callable[[Reading], Iterator[Sample]]:
    return _one(lambda reading: getattr(reading.counters.delivery, name))


def _outbox(name: str) -> Callable[[Reading], Iterator[Sample]]:
    return _one(lambda reading: getattr(reading.counters.outbox, name, None))


def _uplink(name: str) -> Callable[[Reading], Iterator[Sample]]:
    return _one(lambda reading: getattr(reading.counters.uplink, name, None))


def _evidence(name: str) -> Callable[[Reading], Iterator[Sample]]:
    return _one(lambda reading: getattr(reading.counters.evidence, name, None))


METRICS: Final[tuple[Metric, ...]] = (
    Metric("lepton_verdicts_total", "counter", "Verdicts.", ("point", "outcome", "cause"), _verdicts),
    Metric("lepton_verdict_latency_seconds", "histogram", "From the frame to the verdict.", ("point",), _latencies),
    Metric("lepton_last_outcome", "gauge", "1 for the last verdict's outcome.", ("point", "outcome"), _last),
    Metric(
        "lepton_threshold",
        "gauge",
        "The threshold in force.",
        ("point",),
        _points(lambda face: face.sensitivity.in_force),
    ),
    Metric(
        "lepton_source_opened_total",
        "counter",
        "Times that the source was opened.",
        ("point",),
        _points(lambda face: face.source.opened),
    ),
    Metric(
        "lepton_source_lost_total",
        "counter",
        "Times that the source was lost or could not be opened.",
        ("point",),
        _points(lambda face: face.source.lost),
    ),
    Metric(
        "lepton_source_abandoned_total",
        "counter",
        "Threads that hang in the source's driver.",
        ("point",),
        _points(lambda face: face.source.abandoned),
    ),
    Metric(
        "lepton_source_frames_total",
        "counter",
        "Frames or windows that the source had.",
        ("point",),
        _points(lambda face: face.source.frames),
    ),
    Metric(
        "lepton_source_converted_total",
        "counter",
        "Those of them that were turned into pixels or samples: what was wanted and, while nothing is, two a "
        "second of a camera whose freezing is looked for.",
        ("point",),
        _points(lambda face: face.source.converted),
    ),
    Metric(
        "lepton_source_absent_seconds_total",
        "counter",
        "Time without a source that gave anything.",
        ("point",),
        _points(lambda face: face.source.absent_s),
    ),
    Metric(
        "lepton_model_restarts_total",
        "counter",
        "Times that the model's process was started anew.",
        ("point",),
        _points(lambda face: face.restarts),
    ),
    Metric(
        "lepton_point_faults_total",
        "counter",
        "Exceptions inside the point's loop.",
        ("point",),
        _points(lambda face: face.faults),
    ),
    Metric(
        "lepton_pictures_still_total",
        "counter",
        "Pictures passed over because nothing moved in them.",
        ("point",),
        _points(lambda face: face.skipped),
    ),
    Metric(
        "lepton_alerts_spooled_total",
        "counter",
        "Alerts that are durable.",
        (),
        _delivery("spooled"),
    ),
    Metric(
        "lepton_alerts_refused_total",
        "counter",
        "Alerts that the spool did not take.",
        (),
        _delivery("refused"),
    ),
    Metric(
        "lepton_alerts_overflowed_total",
        "counter",
        "Alerts that found the line to the spool full.",
        (),
        _delivery("overflowed"),
    ),
    Metric(
        "lepton_alerts_without_picture_total",
        "counter",
        "Alerts told without their picture.",
        (),
        _delivery("without_picture"),
    ),
    Metric(
        "lepton_alert_wait_seconds",
        "gauge",
        "How long the oldest alert that is not on the disk has waited in memory.",
        (),
        _one(lambda reading: reading.counters.alert_waits_s),
    ),
    Metric(
        "lepton_delivery_faults_total",
        "counter",
        "Exceptions inside the delivery.",
        (),
        _delivery("faults"),
    ),
    Metric(
        "lepton_minutes_spooled_total", "counter", "Minutes of statistics that are durable.", (), _delivery("minutes")
    ),
    Metric(
        "lepton_minutes_back_total",
        "counter",
        "Those that no disk took; a later one tells their counts.",
        (),
        _delivery("minutes_back"),
    ),
    Metric("lepton_spool_rows", "gauge", "Messages not acknowledged.", (), _state("spool_depth")),
    Metric("lepton_spool_age_seconds", "gauge", "Age of the oldest of them.", (), _state("spool_age_s")),
    Metric("lepton_spool_shed_total", "counter", "Alerts shed as they came.", (), _outbox("shed")),
    Metric(
        "lepton_spool_damaged_total",
        "counter",
        "Spools set aside as damaged.",
        (),
        _outbox("damaged"),
    ),
    Metric("lepton_acks_total", "counter", "Acknowledgements by what they meant.", ("verdict",), _acks),
    Metric("lepton_uplink_connected", "gauge", "1 while a session with the broker is open.", (), _uplink("connected")),
    Metric("lepton_uplink_sessions_total", "counter", "Sessions that the broker accepted.", (), _uplink("sessions")),
    Metric("lepton_uplink_sent_total", "counter", "Messages sent from the spool.", (), _uplink("sent")),
    Metric("lepton_uplink_resends_total", "counter", "Times that silence made it go back.", (), _uplink("resends")),
    Metric("lepton_uplink_bad_acks_total", "counter", "Acknowledgements not understood.", (), _uplink("bad_acks")),
    Metric("lepton_uplink_refusals_total", "counter", "Messages that the broker refused.", (), _uplink("refusals")),
    Metric(
        "lepton_uplink_unheard_total",
        "counter",
        'Alerts and losses that the broker took though nobody had subscribed (`ack = "broker"`).',
        (),
        _uplink("unheard"),
    ),
    Metric("lepton_evidence_kept_total", "counter", "Pictures kept.", (), _evidence("kept")),
    Metric("lepton_evidence_failed_total", "counter", "Pictures that the disk did not take.", (), _evidence("failed")),
    Metric("lepton_evidence_removed_total", "counter", "Pictures removed for the quota.", (), _evidence("removed")),
    Metric(
        "lepton_evidence_given_up_total",
        "counter",
        "Pictures given up to spare the flash.",
        (),
        _evidence("given_up"),
    ),
    Metric(
        "lepton_evidence_write_seconds",
        "gauge",
        "How long the present write of a picture has taken until now.",
        (),
        _one(lambda reading: reading.counters.picture_waits_s),
    ),
    Metric(
        "lepton_evidence_extras_dropped_total",
        "counter",
        "Samples of good parts and clips dropped, because too many waited.",
        (),
        _delivery("extras_dropped"),
    ),
    Metric("lepton_disk_free_bytes", "gauge", "Free where the state is.", (), _state("disk_free_bytes")),
    Metric(
        "lepton_temperature_celsius",
        "gauge",
        "The processor's, where the kernel tells it.",
        (),
        _state("temperature_c"),
    ),
    Metric("lepton_alarm_active", "gauge", "1 while the alarm lasts.", ("type",), _alarms),
    Metric("lepton_throttled", "gauge", "1 while the board slows its processor down.", (), _state("throttled")),
    Metric("lepton_under_voltage", "gauge", "1 while the voltage is too low.", (), _state("under_voltage")),
    Metric("lepton_busy_share", "gauge", "Share of the processor's time in use, 0 to 1.", (), _state("busy")),
    Metric("lepton_memory_free_bytes", "gauge", "Memory available.", (), _state("memory_free_bytes")),
    Metric("lepton_flash_bytes_per_day", "gauge", "Written in 24 hours.", (), _state("flash_bytes_per_day")),
    Metric("lepton_governor_level", "gauge", "Steps of the governor in force.", (), _state("governor_level")),
    Metric("lepton_uptime_seconds", "gauge", "Since the daemon started.", (), _state("uptime_s")),
    Metric("lepton_resident_bytes", "gauge", "Resident memory of the daemon's process.", (), _one(_resident_bytes)),
    Metric(
        "lepton_failing",
        "gauge",
        "1 while a pipeline makes no progress or an alert waits for the disk, as /healthz tells.",
        (),
        _one(_failing),
    ),
    Metric(
        "lepton_scores_passed_over_total",
        "counter",
        "Scores that the slider does not know, because the disk was slow.",
        (),
        _one(lambda reading: reading.scores.passed_over),
    ),
    Metric(
        "lepton_web_crashes_total",
        "counter",
        "Times that the page's server was started anew.",
        (),
        _one(lambda reading: reading.web_crashes),
    ),
)
