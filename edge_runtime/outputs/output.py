"""An output at the line: what every kind must be able to do, what it is told, and the table that names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from edge_contracts.errors import LeptonError
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.terminals.chips import Chips

if TYPE_CHECKING:
    from edge_contracts.station import Output as OutputSettings
    from edge_contracts.verdict import Verdict
    from edge_runtime.clock import Clock


class PartGone(LeptonError, LookupError):
    """The output works, and says that it cannot be told of this part any more."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an output is told.

    outcome: of the part; None for a stop and for the run signal.
    cause: in the words of `edge_contracts.verdict.Cause`.
    number: counts the orders of one output from 1.
    triggered_at_ns: monotonic, of the part; 0 for what belongs to none.
    """

    outcome: Outcome | None
    point: str
    part: str
    cause: str
    reason: str
    number: int
    triggered_at_ns: int = 0


class Shape(Enum):
    """What an output makes of an order.

    LEVEL: it is active or it is not; orders close together are one long pulse.
    MESSAGE: each order is said, and that is all.
    STROBE: each order is said and held for the pulse, one after the other.
    """

    LEVEL = "level"
    MESSAGE = "message"
    STROBE = "strobe"


class Output(Protocol):
    """One output, used by one thread. Every method may raise `edge_runtime.terminals.wire.WireLost`.

    shape: what it makes of orders that come close together.
    """

    shape: Shape

    def open(self) -> None:
        """Open it; it is inactive then. Opening an open output begins again."""
        ...

    def fire(self, order: Order) -> None:
        """Be active, and say the order; returns when it is said.

        Raises:
            PartGone: it cannot be told of this part any more; it stays open for the next.
        """
        ...

    def idle(self) -> None:
        """Be inactive."""
        ...

    def close(self) -> None:
        """Be inactive if that is still possible, and let go; closing a closed output does nothing."""
        ...


OUTPUTS: dict[str, str] = {
    "gpio": "edge_runtime.outputs.gpio",
    "serial": "edge_runtime.outputs.serial",
    "modbus": "edge_runtime.outputs.modbus",
    "mqtt": "edge_runtime.outputs.mqtt",
    "microcontroller": "edge_runtime.outputs.microcontroller",
}
"""Where each kind of output lives; a module offers `build(settings, clock) -> Output`, that of a microcontroller
`build(settings, chips)`."""


def build_output(settings: OutputSettings, clock: Clock, chips: Chips | None = None) -> Output:
    """Make an output, not yet open.

    Args:
        settings: one of the `outputs` tables.
        clock: monotonic.
        chips: the microcontrollers that run, None where there are none.

    Raises:
        MissingExtraError: its library is not installed.
        BadInputError: a file of the broker's connection cannot be used, or its microcontroller does not run.
    """
    module: Any = import_module(OUTPUTS[settings.kind])
    if settings.kind == "microcontroller":
        return cast(Output, module.build(settings, chips or Chips()))
    return cast(Output, module.build(settings, clock))


def order_of(verdict: Verdict, number: int, triggered_at_ns: int = 0) -> Order:
    """What an output is told of a judged part."""
    cause = verdict.cause.value
    return Order(verdict.outcome, verdict.point, verdict.part, cause, verdict.reason, number, triggered_at_ns)


def unjudged(point: str, number: int, triggered_at_ns: int = 0) -> Order:
    """What an output is told of a part that reached the gate before its verdict: it does not pass."""
    reason = "the part reached the gate before its verdict"
    return Order(Outcome.UNKNOWN, point, "", Cause.DEADLINE.value, reason, number, triggered_at_ns)
