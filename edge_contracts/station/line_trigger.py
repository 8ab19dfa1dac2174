"""Triggers that come from the line: one announcement, one part, one verdict."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.microcontroller import ChipName
from edge_contracts.station.part_id import PartId, TriggerPartId
from edge_contracts.station.settings import Milliseconds, Seconds, Settings
from edge_contracts.station.terminal import GpioPin, ModbusAddress, ModbusDevice, MqttBroker, SerialPort, Topic


class LineTrigger(Settings):
    """What every trigger of the line has."""

    part_id: PartId = TriggerPartId(kind="trigger")
    delay_ms: Annotated[float, Field(ge=0, le=600_000, description="from the announcement to the picture")] = 0.0
    picture_within_ms: Annotated[
        Milliseconds | None, Field(description="a later picture may show another part; none: half of the deadline")
    ] = None
    queue: Annotated[int, Field(ge=1, le=64, description="parts that may wait while one is judged")] = 4
    interval_s: Annotated[Seconds, Field(description="how often to tell an unknown while the trigger is lost")] = 1.0

    @property
    def carries_part_id(self) -> bool:
        """Whether the trigger should say which part it announces."""
        return False


class GpioTrigger(LineTrigger, GpioPin):
    """An edge on a pin announces a part."""

    kind: Literal["gpio"]
    edge: Literal["rising", "falling"] = "rising"
    bias: Literal["as-is", "pull-up", "pull-down", "disabled"] = "as-is"
    debounce_ms: Annotated[float, Field(ge=0, le=1000)] = 1.0


class SerialTrigger(LineTrigger, SerialPort):
    """A line of text, or one byte, on a serial port announces a part."""

    kind: Literal["serial"]
    signal: Literal["line", "byte"] = "line"
    pattern: Annotated[
        str | None, Field(max_length=256, description="regular expression; its first group is the part id")
    ] = None
    byte: Annotated[str | None, StringConstraints(pattern=r"^[0-9a-fA-F]{2}$")] = None

    @property
    def carries_part_id(self) -> bool:
        """A line does, a byte does not."""
        return self.signal == "line"

    @model_validator(mode="after")
    def _keys_fit_the_signal(self) -> SerialTrigger:
        if self.signal == "line" and self.byte is not None:
            raise ValueError('byte belongs to signal = "byte"; use pattern to choose among lines')
        if self.signal == "byte" and self.pattern is not None:
            raise ValueError('pattern belongs to signal = "line"; use byte to choose among bytes')
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from error
        return self


class ModbusTrigger(LineTrigger):
    """A rising coil or input, or a counting register, of a Modbus device announces a part."""

    kind: Literal["modbus"]
    device: ModbusDevice
    signal: Annotated[
        Literal["coil", "discrete-input", "holding-counter", "input-counter"],
        Field(description="a bit that rises, or a 16-bit register that counts parts"),
    ] = "coil"
    address: ModbusAddress
    poll_ms: Annotated[float, Field(ge=1, le=10_000)] = 10.0
    part_register: Annotated[ModbusAddress | None, Field(description="holding register with the part's number")] = None
    part_words: Annotated[Literal[1, 2], Field(description="2: high word first")] = 1
    acknowledge_coil: Annotated[
        ModbusAddress | None, Field(description="set when a part was seen, cleared when its signal falls")
    ] = None

    @property
    def carries_part_id(self) -> bool:
        """With a register for it."""
        return self.part_register is not None

    @model_validator(mode="after")
    def _only_a_bit_is_acknowledged(self) -> ModbusTrigger:
        if self.acknowledge_coil is not None and self.signal.endswith("counter"):
            raise ValueError("acknowledge_coil belongs to a coil or input; a counting register needs none")
        return self


class MqttTrigger(LineTrigger):
    """A message announces a part; retained messages do not."""

    kind: Literal["mqtt"]
    broker: MqttBroker
    topic: Topic

    @property
    def carries_part_id(self) -> bool:
        """The message's text."""
        return True


class ChipTrigger(LineTrigger):
    """A microcontroller announces a part, and says its number."""

    kind: Literal["microcontroller"]
    microcontroller: ChipName

    @property
    def carries_part_id(self) -> bool:
        """The part's number."""
        return True
