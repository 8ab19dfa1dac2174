"""Where a wire of the line ends: a pin, a serial port, a Modbus device, an MQTT broker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_contracts.station.address import HostName
from edge_contracts.station.delivery import Tls
from edge_contracts.station.settings import Milliseconds, PathText, Settings

Topic = Annotated[str, StringConstraints(pattern=r"^[^+#\x00]+$", max_length=1024)]
ModbusAddress = Annotated[int, Field(ge=0, le=65_535)]


class GpioPin(Settings):
    """One line of a GPIO chip."""

    chip: Annotated[
        str, StringConstraints(min_length=1, max_length=255), Field(description="path, name or label of the chip")
    ] = "/dev/gpiochip0"
    line: Annotated[
        Annotated[int, Field(ge=0, le=1023)] | Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Field(description="number on the chip, or name"),
    ]


class SerialPort(Settings):
    """A serial port, 8 data bits."""

    port: PathText
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1


class ModbusTcp(Settings):
    """A Modbus device on the network."""

    kind: Literal["tcp"]
    host: HostName
    port: Annotated[int, Field(ge=1, le=65_535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    timeout_ms: Milliseconds = 300.0


class ModbusRtu(SerialPort):
    """A Modbus device on a serial line."""

    kind: Literal["rtu"]
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 19_200
    parity: Literal["none", "even", "odd"] = "even"
    unit: Annotated[int, Field(ge=1, le=247)] = 1
    timeout_ms: Milliseconds = 300.0


ModbusDevice = Annotated[ModbusTcp | ModbusRtu, Field(discriminator="kind")]


class MqttBroker(Settings):
    """A broker that the line speaks through, on a connection of its own."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    mqtt: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 10
    username: str | None = None
    password_file: PathText | None = None
    tls: Tls | None = None
