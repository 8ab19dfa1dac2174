"""What the line says of a part that comes: when, perhaps which; and the table of the wires that can say it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from edge_runtime.terminals.chips import Chips

if TYPE_CHECKING:
    from edge_contracts.station import ChipTrigger, GpioTrigger, ModbusTrigger, MqttTrigger, SerialTrigger
    from edge_runtime.clock import Clock
    from edge_runtime.terminals.wire import Wire

    LineTrigger: TypeAlias = GpioTrigger | SerialTrigger | ModbusTrigger | MqttTrigger | ChipTrigger


@dataclass(frozen=True, slots=True)
class Announcement:
    """One part, or a gap.

    at_ns: monotonic time of the edge, byte, poll or message.
    part: its id, None when the line says none.
    unheard: parts that came just before and could not be heard one by one (a gap in the wire's own count).
    heard: False for a gap alone: `unheard` parts came, and none of them can be told by this moment.
    """

    at_ns: int
    part: str | None = None
    unheard: int = 0
    heard: bool = True


WIRES: dict[str, str] = {
    "gpio": "edge_runtime.trigger.gpio",
    "serial": "edge_runtime.trigger.serial",
    "modbus": "edge_runtime.trigger.modbus",
    "mqtt": "edge_runtime.trigger.mqtt",
    "microcontroller": "edge_runtime.trigger.microcontroller",
}
"""Where each kind of line trigger lives; a module offers `build(settings, name, clock) -> Wire[Announcement]`, that of
a microcontroller `build(settings, name, chips)`."""


def build_wire(settings: LineTrigger, name: str, clock: Clock, chips: Chips | None = None) -> Wire[Announcement]:
    """Make the wire of a trigger, not yet open.

    Args:
        settings: the `trigger` table of an inspection point.
        name: of the trigger, for a broker, and for a microcontroller, which knows it again after a reload.
        clock: stamps what has no stamp of its own.
        chips: the microcontrollers that run, None where there are none.

    Raises:
        MissingExtraError: the wire's library is not installed.
        BadInputError: its microcontroller does not run.
    """
    module: Any = import_module(WIRES[settings.kind])
    if settings.kind == "microcontroller":
        return cast("Wire[Announcement]", module.build(settings, name, chips or Chips()))
    return cast("Wire[Announcement]", module.build(settings, name, clock))
