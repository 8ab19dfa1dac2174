"""The broker, spoken to as the daemon speaks: certificates, its answer, a message on the board's own topic and back.

The doctor has a client id of its own, so that a daemon that is connected stays so, and leaves nothing behind: its
message is neither retained nor a contract's, and its will is empty.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.reconnect import MqttVersion, ProtocolChoice
from edge_contracts.topics import DeviceAddress
from edge_runtime.doctor.certificate_end import common_name
from edge_runtime.doctor.certificate_file import judge_file
from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.uplink.link_settings import link_options
from edge_runtime.uplink.mqtt_link import (
    ClosedSilently,
    LinkLost,
    LinkOptions,
    MqttLink,
    ProtocolRefused,
    Unanswered,
    Will,
)
from edge_runtime.uplink.version_lesson import version_lesson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import StationConfig
    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "broker"
LEAF = "doctor"
_BACK_S = 5.0
_MS_PER_S = 1000


@dataclass(slots=True)
class _Ear:
    """What came back; `edge_runtime.uplink.mqtt_link.LinkEvents`."""

    heard: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def message(self, topic: str, body: bytes, *, retained: bool) -> None:
        del topic, retained
        self.heard.append(body)

    def stored_by_broker(self, mid: int, *, has_subscriber: bool) -> None:
        """Nothing to note: only the way back counts."""

    def refused_by_broker(self, mid: int, reason: str) -> None:
        del mid
        self.refused.append(reason)


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """The certificates' ends, then a connection and a round trip."""
    del chart
    settings = patient.config.uplink
    if settings is None:
        yield Finding(CHECK, "", Standing.SKIPPED, "no [uplink] in the file: alerts stay on the board")
        return
    for file in (settings.tls.certificate, settings.tls.ca) if settings.tls else ():
        if file is not None:
            yield judge_file(CHECK, file)
    yield from _made_out_to(patient.config)
    if not patient.network:
        yield Finding(CHECK, "", Standing.SKIPPED, "--no-network")
        return
    try:
        yield _spoken_to(patient.config)
    except LinkLost as error:
        yield _without(f"{error}{version_lesson(ProtocolChoice(settings.mqtt), error)}")
    except BadInputError as error:
        yield _without(str(error))


def _without(found: str) -> Finding:
    step = "alerts wait in the spool meanwhile; verdicts do not depend on it"
    return Finding(CHECK, "", Standing.FAILED, found, "a broker that answers", step)


def _made_out_to(config: StationConfig) -> Iterator[Finding]:
    """A broker that takes names from certificates closes the door to a station that goes by another's."""
    device, tls = config.station.device, config.uplink.tls if config.uplink else None
    if tls is None or tls.certificate is None:
        return
    try:
        name = common_name(Path(tls.certificate).read_text("ascii", "replace"))
    except (OSError, ValueError):
        return  # told by the look at its end
    if name != device:
        step = "give this station a certificate of its own, or correct `device`: the broker's rules go by that name"
        found = f"{tls.certificate} is made out to {name!r}, this station is {device!r}"
        yield Finding(CHECK, "", Standing.WARNING, found, f"the common name {device!r}", step)


def _spoken_to(config: StationConfig) -> Finding:
    settings, station = config.uplink, config.station
    if settings is None:
        raise BadInputError("wanted an [uplink] to speak to, found none; add one")
    address = DeviceAddress(station.org, station.site, station.device)
    options = link_options(settings, address, Path())
    options = replace(options, client_id=f"{options.client_id}-{LEAF}")
    asked = {"5": (MqttVersion.V5,), "3.1.1": (MqttVersion.V311,)}.get(settings.mqtt, tuple(MqttVersion))
    ear = _Ear()
    link, version = _opened(options, asked, address.topic(LEAF), ear)
    where = f"{settings.host}:{settings.port}"
    spoken = f"MQTT {version.value}{_only_after(version, asked)}{', TLS' if options.ca else ', plain text'}"
    try:
        return _round_trip(link, ear, address.topic(LEAF), where, spoken)
    finally:
        link.close(politely=True)


def _only_after(version: MqttVersion, asked: tuple[MqttVersion, ...]) -> str:
    """What a station can be told, so that it need not try what this broker does not speak."""
    return "" if version is asked[0] else f' (not {asked[0].value}: say mqtt = "{version.value}" under [uplink])'


def _opened(
    options: LinkOptions, versions: tuple[MqttVersion, ...], topic: str, ear: _Ear
) -> tuple[MqttLink, MqttVersion]:
    for version in versions:
        link = MqttLink(options, version, Will(topic, b""), ear)
        try:
            link.open()
        except (ProtocolRefused, ClosedSilently, Unanswered):
            link.close(politely=False)
            if version is versions[-1]:
                raise
        else:
            return link, version
    raise LinkLost("wanted a protocol version to offer, found none")


def _round_trip(link: MqttLink, ear: _Ear, topic: str, where: str, spoken: str) -> Finding:
    word = str(time.monotonic_ns()).encode()
    begun_s = time.monotonic()
    link.subscribe(topic, qos=1)
    link.publish(topic, word, qos=1)
    while word not in ear.heard and not ear.refused and time.monotonic() - begun_s < _BACK_S:
        link.turn(0.1)
    took_ms = (time.monotonic() - begun_s) * _MS_PER_S
    if word in ear.heard:
        return Finding(CHECK, "", Standing.OK, f"{where}, {spoken}; {topic} and back in {took_ms:.0f} ms")
    reason = ear.refused[0] if ear.refused else f"nothing came back within {_BACK_S:g} s"
    step = "let the broker's ACL give this device its topics: pattern readwrite lepton/1/+/+/%u/#"
    return Finding(CHECK, "", Standing.FAILED, f"{where}, {spoken}; {topic}: {reason}", "its own topic and back", step)
