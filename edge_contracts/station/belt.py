"""Where the reject gate sits behind the camera, and how the belt's travel between the two is measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_contracts.station.microcontroller import ChipName
from edge_contracts.station.settings import Milliseconds, Settings
from edge_contracts.station.terminal import GpioPin, ModbusAddress, ModbusDevice, SerialPort


class GpioEncoder(GpioPin):
    """Edges on a pin, each one count."""

    kind: Literal["gpio"]
    edge: Literal["rising", "falling", "both"] = "rising"
    bias: Literal["as-is", "pull-up", "pull-down", "disabled"] = "as-is"


class SerialEncoder(SerialPort):
    """Lines of text on a serial port, each the count so far."""

    kind: Literal["serial"]


class ModbusEncoder(Settings):
    """A counting register of a Modbus device."""

    kind: Literal["modbus"]
    device: ModbusDevice
    table: Literal["holding", "input"] = "holding"
    address: ModbusAddress
    words: Annotated[Literal[1, 2], Field(description="2: high word first")] = 1
    poll_ms: Annotated[float, Field(ge=1, le=10_000)] = 5.0


class ChipEncoder(Settings):
    """The encoder that a microcontroller counts."""

    kind: Literal["microcontroller"]
    microcontroller: ChipName


Encoder = Annotated[GpioEncoder | SerialEncoder | ModbusEncoder | ChipEncoder, Field(discriminator="kind")]


class AtOnce(Settings):
    """Nothing lies between: the output fires as soon as the verdict is there."""

    kind: Literal["at-once"]
    tolerance_ms: Annotated[Milliseconds, Field(description="a verdict that is older is told no more")] = 200.0


class TimeGate(Settings):
    """So long after its trigger, or its picture, a part is at the gate."""

    kind: Literal["time"]
    delay_ms: Milliseconds
    tolerance_ms: Annotated[Milliseconds, Field(description="how much later a pulse still hits its part")] = 20.0


class EncoderGate(Settings):
    """So many counts of an encoder after its trigger, or its picture, a part is at the gate."""

    kind: Literal["encoder"]
    encoder: Encoder
    counts: Annotated[int, Field(ge=1, le=100_000_000)]
    tolerance_counts: Annotated[int, Field(ge=1, le=1_000_000, description="how much later a pulse still hits")]


Gate = Annotated[AtOnce | TimeGate | EncoderGate, Field(discriminator="kind")]
