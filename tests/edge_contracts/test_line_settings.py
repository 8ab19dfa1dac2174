"""What a station file may say about texts, addresses and ports, before anything is opened."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from edge_contracts.explain import explain
from edge_contracts.station import ModbusTcp, MqttBroker, SerialOutput, Source, StationConfig
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


@pytest.mark.parametrize("url", ["http://cam/video", "http://cam:8080", "http://me:99999@cam/v:99999", "http://[::1]/"])
def test_a_possible_port_or_none_is_taken(url: str) -> None:
    assert Holder.model_validate({"source": {"kind": "mjpeg", "url": url}})


@pytest.mark.parametrize("model", [ModbusTcp, MqttBroker])
def test_a_host_that_holds_a_port_is_refused(model: type[Settings]) -> None:
    kind = {"kind": "tcp"} if model is ModbusTcp else {}
    with pytest.raises(ValidationError, match="wanted a host alone, found 'plc:99999'; write the port as port = 99999"):
        model.model_validate(kind | {"host": "plc:99999"})
    assert model.model_validate(kind | {"host": "fe80::1"})


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
