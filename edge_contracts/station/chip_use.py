"""Which tables of a file use which microcontroller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.station.belt import ChipEncoder, EncoderGate
from edge_contracts.station.line_trigger import ChipTrigger
from edge_contracts.station.output import ChipOutput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edge_contracts.station.microcontroller import Microcontroller
    from edge_contracts.station.output import Output
    from edge_contracts.station.point import Point


def require_known_chips(chips: Iterable[Microcontroller], points: Sequence[Point], outputs: Sequence[Output]) -> None:
    """Refuse names that no table has, or two, and rejects of parts that the microcontroller does not know.

    Raises:
        ValueError: which name, and the table that says it.
    """
    names = [chip.name for chip in chips]
    if len(set(names)) != len(names):
        raise ValueError(f"microcontrollers need different names, found {', '.join(names)}")
    for where, name in _uses(points, outputs):
        if name not in names:
            known = ", ".join(names) or "none"
            raise ValueError(f"{where}: wanted a microcontroller among {known}, found {name}")
    for output in outputs:
        if isinstance(output, ChipOutput) and output.lamp is None:
            _require_its_own_parts(points, output)


def _uses(points: Sequence[Point], outputs: Sequence[Output]) -> Iterator[tuple[str, str]]:
    for point in points:
        if isinstance(point.trigger, ChipTrigger):
            yield f"points.{point.name}.trigger", point.trigger.microcontroller
    for output in outputs:
        if isinstance(output, ChipOutput):
            yield f"outputs.{output.name}", output.microcontroller
        if isinstance(output.gate, EncoderGate) and isinstance(output.gate.encoder, ChipEncoder):
            yield f"outputs.{output.name}.gate.encoder", output.gate.encoder.microcontroller


def _require_its_own_parts(points: Sequence[Point], output: ChipOutput) -> None:
    for point in points:
        served = not output.points or point.name in output.points
        trigger = point.trigger
        its_own = isinstance(trigger, ChipTrigger) and trigger.microcontroller == output.microcontroller
        if served and not its_own:
            raise ValueError(
                f"output {output.name}: microcontroller {output.microcontroller} rejects parts that it has announced "
                f"itself, and inspection point {point.name} has another trigger; name others in points, or use its "
                "trigger"
            )
