"""Which tables of a file open which serial port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from edge_contracts.station.signal_source import SerialSource
from edge_contracts.station.terminal import SerialPort

if TYPE_CHECKING:
    from collections.abc import Iterator


def require_one_use(tables: BaseModel) -> None:
    """Refuse a port that two tables would open: it is opened for one alone, also for Modbus devices on one bus.

    Raises:
        ValueError: which port, and the tables that name it.
    """
    uses: dict[str, list[str]] = {}
    for where, found in _ports(tables, ""):
        uses.setdefault(found.port, []).append(where)
    for port, named in uses.items():
        if len(named) > 1:
            places = " and ".join(named)
            raise ValueError(f"wanted one use of {port}, found it in {places}; give each a port of its own")


def _ports(value: object, where: str) -> Iterator[tuple[str, SerialPort | SerialSource]]:
    if isinstance(value, SerialPort | SerialSource):
        yield where, value
    if isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from _ports(getattr(value, key), f"{where}.{key}" if where else key)
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            step = one.name if where == "outputs" else number
            yield from _ports(one, f"{where}.{step}")
