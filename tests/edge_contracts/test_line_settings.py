"""What a station file may say about texts, addresses and ports, before anything is opened."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from edge_contracts.explain import explain
from edge_contracts.station import ModbusTcp, MqttBroker, SerialOutput, Source, StationConfig, Uplink
from edge_contracts.station.settings import Settings

STATION = {"org": "acme", "site": "berlin", "device": "line-3"}
USB = "/dev/ttyUSB0"
TEXT = {"kind": "serial", "name": "gate", "port": USB}
TRIGGER = {"kind": "serial", "port": USB}


class Holder(Settings):
    source: Source


def station(*outputs: dict[str, Any], trigger: dict[str, Any] | None = None) -> StationConfig:
    point: dict[str, Any] = {"name": "gate", "bundle": "b", "source": {"kind": "folder", "path": "parts"}}
    if trigger:
        point["trigger"] = trigger
    return StationConfig.model_validate({"station": STATION, "points": [point], "outputs": outputs})


@pytest.mark.parametrize("key", ["good", "defect", "unknown"])
def test_a_wrong_placeholder_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match=r"wanted only \{part\} in braces, found \{teil\}"):
        SerialOutput.model_validate(TEXT | {key: "OK {teil}\r\n"})


@pytest.mark.parametrize("key", ["stop", "run", "idle"])
def test_a_text_that_belongs_to_no_part_takes_no_placeholder(key: str) -> None:
    with pytest.raises(ValidationError, match=r"belongs to no part, found \{part\}"):
        SerialOutput.model_validate(TEXT | {key: "{part}\n"})


@pytest.mark.parametrize("text", ["OK {part}\r\n", '{"id": "{part}", "good": true}\n', "G\n", "{part}{part}"])
def test_the_part_and_json_are_taken(text: str) -> None:
    assert SerialOutput.model_validate(TEXT | {"good": text}).good == text


@pytest.mark.parametrize("url", ["http://cam:99999/video", "http://me:1234@cam:0/", "rtsp://me:secret@[::1]:70000/1"])
def test_a_port_that_cannot_be_is_refused_without_showing_the_password(url: str) -> None:
    kind = "rtsp" if url.startswith("rtsp") else "mjpeg"
    with pytest.raises(
        ValidationError, match=r"wanted a port of 1 to 65535 in the address, found (99999|0|70000)"
    ) as caught:
        Holder.model_validate({"source": {"kind": kind, "url": url}})
    (said,) = explain(caught.value, Holder)
    assert not {"1234", "secret"} & set(re.split(r"\W", said))


def test_a_password_with_a_slash_is_not_shown_as_a_port() -> None:
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate({"source": {"kind": "rtsp", "url": "rtsp://me:123456/7@cam/1"}})
    (said,) = explain(caught.value, Holder)
    assert said.endswith("wanted a port of 1 to 65535 in the address, found another")


@pytest.mark.parametrize("url", ["http://cam/video", "http://cam:8080", "http://me:99999@cam/v:99999", "http://[::1]/"])
def test_a_possible_port_or_none_is_taken(url: str) -> None:
    assert Holder.model_validate({"source": {"kind": "mjpeg", "url": url}})


@pytest.mark.parametrize("model", [ModbusTcp, MqttBroker, Uplink])
@pytest.mark.parametrize(
    "host", ["plc", "plc_3.local.", "10.0.0.1", "::1", "fe80::1%eth0", "fe80::1:1883", "bücher.example"]
)
def test_a_host_alone_is_taken(model: type[Settings], host: str) -> None:
    kind = {"kind": "tcp"} if model is ModbusTcp else {}
    assert model.model_validate(kind | {"host": host})
    with pytest.raises(
        ValidationError, match=r"wanted a host alone, found something else; write it as host = '.*', port"
    ):
        model.model_validate(kind | {"host": f"[{host}]:502" if ":" in host else f"{host}:502"})


def refusal_of_host(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        Uplink.model_validate({"host": text})
    (said,) = explain(caught.value, Uplink)
    return said


@pytest.mark.parametrize(("text", "apart"), [
    ("mqtt://broker", "host = 'broker'"),
    ("mqtt://broker:1884/x?y=1", "host = 'broker', port = 1884"),
    ("mqtts://broker.local", "host = 'broker.local', port = 8883, tls = { ca = … }"),
    ("ssl://broker:8884", "host = 'broker', port = 8884, tls = { ca = … }"),
    ("tls://broker", "host = 'broker', port = 8883, tls = { ca = … }"),
    ("wss://broker:443/mqtt", "host = 'broker', port = 443, tls = { ca = … }"),
    ("mqtt+ssl://broker", "host = 'broker', port = 8883, tls = { ca = … }"),
    ("mqtt://[::1]:1883", "host = '::1', port = 1883"),
    ("[::1]:1883", "host = '::1', port = 1883"),
    ("[::1]", "host = '::1'"),
    ("broker:1883", "host = 'broker', port = 1883"),
    ("broker:99999", "host = 'broker', port = 1 to 65535"),
    ("mqtt://broker:99999", "host = 'broker', port = 1 to 65535"),
    ("broker/", "host = 'broker'"),
    (" broker", "host = 'broker'"),
    ("mqtt://", "a name or an IP address: host = '192.168.1.10'"),
    ("the broker", "a name or an IP address: host = '192.168.1.10'"),
])  # fmt: skip
def test_what_is_more_than_a_host_is_refused_with_its_parts(text: str, apart: str) -> None:
    assert refusal_of_host(text) == f"host: wanted a host alone, found something else; write it as {apart}"


@pytest.mark.parametrize("text", [
    "mqtt://me:1a/secret@broker:1883", "mqtt://me:1a?secret@broker", "me:secret@broker:1883", "mqtt://broker/a@secret",
])  # fmt: skip
def test_of_an_address_with_a_password_nothing_is_shown(text: str) -> None:
    assert refusal_of_host(text).endswith("write it as host = …, port = …, username = …, password_file = …")


def test_of_an_address_with_a_password_and_tls_the_table_is_named() -> None:
    assert refusal_of_host("mqtts://me:secret@broker").endswith("password_file = …, tls = { ca = … }")


def test_a_serial_port_with_two_uses_is_refused() -> None:
    with pytest.raises(ValidationError, match=f"one use of {USB}, found it in points.0.trigger and outputs.gate"):
        station(TEXT, trigger=TRIGGER)
    with pytest.raises(ValidationError, match=r"found it in outputs\.gate and outputs\.lamp"):
        station(TEXT, TEXT | {"name": "lamp"})


def test_a_code_reader_needs_a_port_of_its_own() -> None:
    with pytest.raises(ValidationError, match=r"points\.0\.trigger and points\.0\.trigger\.part_id"):
        station(trigger=TRIGGER | {"part_id": {"kind": "barcode", "port": USB}})


def test_a_bus_has_one_device_of_the_station() -> None:
    bus = {"kind": "modbus", "coil": 1}
    gate = bus | {"name": "gate", "device": {"kind": "rtu", "port": USB, "unit": 1}}
    lamp = bus | {"name": "lamp", "device": {"kind": "rtu", "port": USB, "unit": 2}}
    with pytest.raises(ValidationError, match=r"found it in outputs\.gate\.device and outputs\.lamp\.device"):
        station(gate, lamp)
    with pytest.raises(ValidationError, match=r"points\.0\.trigger and outputs\.gate\.device"):
        station(gate, trigger=TRIGGER)


CHIP = {"name": "cell", "port": USB}
CHIP_TRIGGER = {"kind": "microcontroller", "microcontroller": "cell"}
CHIP_OUTPUT = {
    "kind": "microcontroller",
    "name": "reject",
    "microcontroller": "cell",
    "gate": {"kind": "time", "delay_ms": 300},
}
CHIP_ENCODER = {"kind": "encoder", "encoder": CHIP_TRIGGER, "counts": 500, "tolerance_counts": 9}


def cell(output: dict[str, Any], *, trigger: dict[str, Any] = CHIP_TRIGGER, chips: tuple[Any, ...] = (CHIP,)) -> None:
    point = {"name": "gate", "bundle": "b", "source": {"kind": "folder", "path": "parts"}, "trigger": trigger}
    tables = {"station": STATION, "points": [point], "outputs": [CHIP_OUTPUT | output], "microcontrollers": chips}
    StationConfig.model_validate(tables)


def test_a_microcontroller_triggers_and_rejects_over_one_port() -> None:
    cell({})
    cell({"gate": CHIP_ENCODER, "lead_counts": 100})
    cell({"lamp": 3})


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"gate": {"kind": "at-once"}}, 'wanted a gate of kind "time" or "encoder"'),
        ({"lead_ms": 300}, r"wanted the gate's delay_ms above lead_ms \(300\), found 300"),
        ({"gate": CHIP_ENCODER}, r"wanted lead_counts below the gate's counts \(500\), found none: how far before"),
        ({"gate": CHIP_ENCODER, "lead_counts": 5, "lead_ms": 5}, 'lead_ms does not belong to a gate of kind "encoder"'),
        ({"lead_counts": 5}, 'lead_counts does not belong to a gate of kind "time"'),
        ({"gate": CHIP_ENCODER, "lead_counts": 500}, r"wanted lead_counts below the gate's counts \(500\), found 500"),
        (
            {"gate": CHIP_ENCODER | {"encoder": {"kind": "gpio", "line": 3}}, "lead_counts": 5},
            "wanted the encoder of microcontroller cell, which counts itself",
        ),
        ({"lamp": 1, "lead_ms": 5}, "lead_ms belong to the reject gate, and lamp names a lamp"),
        ({"microcontroller": "other"}, "outputs.reject: wanted a microcontroller among cell, found other"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(output: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        cell(output)


def test_a_microcontroller_rejects_only_parts_that_it_has_announced() -> None:
    with pytest.raises(ValidationError, match="rejects parts that it has announced itself, and inspection point gate"):
        cell({}, trigger={"kind": "frame"})


def test_the_reject_gate_is_for_verdicts_alone() -> None:
    output = {"kind": "microcontroller", "name": "o", "microcontroller": "cell", "role": "stop"}
    with pytest.raises(ValidationError, match=r"wanted role = \"verdict\" for the reject gate, found 'stop'"):
        StationConfig.model_validate(
            {
                "station": STATION,
                "points": [{"name": "gate", "bundle": "b", "source": {"kind": "folder", "path": "p"}}],
                "outputs": [output],
                "microcontrollers": [CHIP],
            }
        )


def test_microcontrollers_have_names_and_ports_of_their_own() -> None:
    with pytest.raises(ValidationError, match="microcontrollers need different names, found cell, cell"):
        cell({}, chips=(CHIP, CHIP | {"port": "/dev/ttyUSB1"}))
    with pytest.raises(ValidationError, match="found it in microcontrollers"):
        cell({}, chips=(CHIP, CHIP | {"name": "other"}))
