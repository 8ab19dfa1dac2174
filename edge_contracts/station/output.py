"""What the station drives at the line: reject gates, lamps, controllers, a stop, a run signal."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.belt import AtOnce, ChipEncoder, EncoderGate, Gate, TimeGate
from edge_contracts.station.microcontroller import ChipName
from edge_contracts.station.settings import Milliseconds, Seconds, Settings
from edge_contracts.station.terminal import GpioPin, ModbusAddress, ModbusDevice, MqttBroker, SerialPort, Topic

OutcomeName = Literal["good", "defect", "unknown"]
_PLACEHOLDER = re.compile(r"\{[\w .-]*\}")
"""A name in braces; JSON, whose braces hold more than a name, is none."""


def _holds_no_other_than_part(text: str) -> str:
    if strangers := [found for found in _PLACEHOLDER.findall(text) if found != "{part}"]:
        raise ValueError(f"wanted only {{part}} in braces, found {', '.join(strangers)}")
    return text


def _holds_no_placeholder(text: str) -> str:
    if found := _PLACEHOLDER.findall(text):
        raise ValueError(f"wanted no {{…}} in a text that belongs to no part, found {', '.join(found)}")
    return text


_AnyText = Annotated[str, StringConstraints(max_length=256)]
PartText = Annotated[_AnyText, AfterValidator(_holds_no_other_than_part)]
Text = Annotated[_AnyText, AfterValidator(_holds_no_placeholder)]


class LineOutput(Settings):
    """What every output has."""

    name: Slug
    role: Annotated[
        Literal["verdict", "stop", "run"],
        Field(
            description="verdict: fires for parts; stop: when a part could not be told in time; run: while all is well"
        ),
    ] = "verdict"
    points: Annotated[tuple[Slug, ...], Field(description="inspection points; none: all")] = ()
    fires_for: Annotated[tuple[OutcomeName, ...], Field(min_length=1)] = ("defect", "unknown")
    pulse_ms: Annotated[Milliseconds, Field(description="how long it is active for a part, or for a stop")] = 100.0
    gate: Gate = AtOnce(kind="at-once")
    required: Annotated[bool, Field(description="a part that it could not tell stops the line")] = True
    beat_ms: Annotated[
        float, Field(ge=0, le=10_000, description="role run: it changes at this pace; 0: it stays active")
    ] = 0.0
    hold_s: Annotated[Seconds, Field(description="role run: how long it is dropped after a stop")] = 2.0

    @model_validator(mode="after")
    def _keys_fit_the_role(self) -> LineOutput:
        if self.role != "verdict":
            named = {"points", "fires_for", "gate", "required"} & self.model_fields_set
            if named:
                raise ValueError(
                    f'{", ".join(sorted(named))} belong to role = "verdict"; this output has {self.role!r}'
                )
        if self.role != "run" and (named := {"beat_ms", "hold_s"} & self.model_fields_set):
            raise ValueError(f'{", ".join(sorted(named))} belong to role = "run"; this output has {self.role!r}')
        return self


class GpioOutput(LineOutput, GpioPin):
    """A pin."""

    kind: Literal["gpio"]
    active: Annotated[Literal["high", "low"], Field(description="the level that stands for active")] = "high"
    drive: Literal["push-pull", "open-drain"] = "push-pull"


class SerialOutput(LineOutput, SerialPort):
    """Text on a serial port, one per part; `{part}` stands for the part's id."""

    kind: Literal["serial"]
    good: PartText = "G\n"
    defect: PartText = "D\n"
    unknown: PartText = "U\n"
    stop: Annotated[Text, Field(description="role stop")] = "S\n"
    run: Annotated[Text, Field(description="role run: at each beat, or once")] = "R\n"
    idle: Annotated[Text, Field(description="when a pulse ends, or the run signal is dropped; empty: nothing")] = ""


class ModbusOutput(LineOutput):
    """A coil that is pulsed, registers with the verdict, or both: the coil then says that the registers are new."""

    kind: Literal["modbus"]
    device: ModbusDevice
    coil: ModbusAddress | None = None
    registers: Annotated[
        Annotated[int, Field(ge=0, le=65_532)] | None,
        Field(description="first of four holding registers: verdict, part number (2), count"),
    ] = None

    @model_validator(mode="after")
    def _drives_something(self) -> ModbusOutput:
        if self.coil is None and (self.registers is None or self.role != "verdict"):
            raise ValueError("wanted coil, or registers for verdicts, found neither")
        return self


class MqttOutput(LineOutput):
    """A topic; each verdict is a JSON object."""

    kind: Literal["mqtt"]
    broker: MqttBroker
    topic: Topic
    qos: Literal[0, 1] = 1
    gate: Gate = AtOnce(kind="at-once", tolerance_ms=10_000.0)


class ChipOutput(LineOutput):
    """The reject gate of a microcontroller, which times the pulse itself; or one of its lamps."""

    kind: Literal["microcontroller"]
    microcontroller: ChipName
    lamp: Annotated[int | None, Field(ge=0, le=15, description="number of a lamp; none: the reject gate")] = None
    lead_ms: Annotated[
        Milliseconds, Field(description="gate time: the microcontroller is told so long before the part is there")
    ] = 100.0
    lead_counts: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="gate encoder: it is told so many counts before")
    ] = None

    @model_validator(mode="after")
    def _a_lamp_or_a_gate(self) -> ChipOutput:
        if self.lamp is not None:
            if named := {"lead_ms", "lead_counts"} & self.model_fields_set:
                raise ValueError(f"{', '.join(sorted(named))} belong to the reject gate, and lamp names a lamp")
            return self
        if self.role != "verdict":
            raise ValueError(f'wanted role = "verdict" for the reject gate, found {self.role!r}; name a lamp')
        stranger = "lead_ms" if self.gate.kind == "encoder" else "lead_counts"
        if stranger in self.model_fields_set:
            raise ValueError(f'{stranger} does not belong to a gate of kind "{self.gate.kind}"')
        _check_lead(self.gate, self.microcontroller, self.lead_ms, self.lead_counts)
        return self


def _check_lead(gate: Gate, chip: str, lead_ms: float, lead_counts: int | None) -> None:
    """The pulse is ordered before its part is at the gate, in what the gate counts."""
    if gate.kind == "at-once":
        raise ValueError(
            'wanted a gate of kind "time" or "encoder", which the microcontroller waits for, found at-once'
        )
    if isinstance(gate, TimeGate) and gate.delay_ms <= lead_ms:
        raise ValueError(f"wanted the gate's delay_ms above lead_ms ({lead_ms:g}), found {gate.delay_ms:g}")
    if isinstance(gate, EncoderGate):
        if not isinstance(gate.encoder, ChipEncoder) or gate.encoder.microcontroller != chip:
            raise ValueError(f"wanted the encoder of microcontroller {chip}, which counts itself, found another")
        if lead_counts is None or gate.counts <= lead_counts:
            found = "none: how far before the gate is the microcontroller told?" if lead_counts is None else lead_counts
            raise ValueError(f"wanted lead_counts below the gate's counts ({gate.counts}), found {found}")


Output = Annotated[GpioOutput | SerialOutput | ModbusOutput | MqttOutput | ChipOutput, Field(discriminator="kind")]
