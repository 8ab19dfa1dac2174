"""A Modbus device, TCP or RTU (pymodbus): one request at a time, each within its time-out, no hidden repetitions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import ModbusTcp
from edge_runtime.terminals.serial_port import PARITIES, load_serial
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.station import ModbusRtu

_MS_PER_S = 1000


_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge, not done yet",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
"""MODBUS Application Protocol Specification V1.1b3, section 7."""


def load_pymodbus() -> Any:
    """Pymodbus's clients.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        from pymodbus import client  # noqa: PLC0415 - only stations with a Modbus device need it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package pymodbus, found none: pip install 'lepton-edge[modbus]'"
        ) from error
    return client


class OpenDevice:
    """One device, opened and closed as often as needed.

    Args:
        settings: the `device` table.
    """

    def __init__(self, settings: ModbusTcp | ModbusRtu) -> None:
        self._clients = load_pymodbus()
        if not isinstance(settings, ModbusTcp):
            load_serial()
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # we tell each loss once; it tells every attempt
        self._settings = settings
        self._client: Any = None

    def open(self) -> None:
        """Connect.

        Raises:
            WireLost: nobody answers there.
        """
        self.close()
        client = self._build()
        if not client.connect():
            raise WireLost(f"wanted a Modbus device at {self._where}, found none; check its power, cable and address")
        self._client = client

    def bit(self, table: str, address: int) -> bool:
        """One bit of the table `coil` or `discrete-input`.

        Raises:
            WireLost: no answer, or an error for one.
        """
        ask = self._opened.read_coils if table == "coil" else self._opened.read_discrete_inputs
        return bool(self._ask(f"{table} {address}", lambda unit: ask(address, count=1, device_id=unit)).bits[0])

    def words(self, table: str, address: int, count: int) -> list[int]:
        """So many 16-bit registers of the table `holding` or `input`.

        Raises:
            WireLost: no answer, or an error for one.
        """
        ask = self._opened.read_holding_registers if table == "holding" else self._opened.read_input_registers
        answer = self._ask(f"{table} register {address}", lambda unit: ask(address, count=count, device_id=unit))
        return [int(word) for word in answer.registers]

    def set_coil(self, address: int, *, on: bool) -> None:
        """Write a coil.

        Raises:
            WireLost: no answer, or an error for one.
        """
        self._ask(f"coil {address}", lambda unit: self._opened.write_coil(address, on, device_id=unit))

    def set_words(self, address: int, words: Sequence[int]) -> None:
        """Write consecutive holding registers in one request.

        Raises:
            WireLost: no answer, or an error for one.
        """
        written = list(words)
        self._ask(
            f"holding register {address}", lambda unit: self._opened.write_registers(address, written, device_id=unit)
        )

    def close(self) -> None:
        """Let go of it."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _build(self) -> Any:
        settings = self._settings
        limits = {"timeout": settings.timeout_ms / _MS_PER_S, "retries": 0}
        if isinstance(settings, ModbusTcp):
            return self._clients.ModbusTcpClient(settings.host, port=settings.port, **limits)
        parity = PARITIES[settings.parity]
        return self._clients.ModbusSerialClient(
            settings.port, baudrate=settings.baud, parity=parity, stopbits=settings.stop_bits, **limits
        )

    def _ask(self, what: str, request: Callable[[int], Any]) -> Any:
        from pymodbus.exceptions import ModbusException  # noqa: PLC0415 - it is loaded, or there were no client

        try:
            answer = request(self._settings.unit)
        except (ModbusException, OSError) as error:
            raise WireLost(f"wanted {what} of {self._where}, found {error}; check its power and cable") from error
        if answer.isError():
            raise WireLost(f"wanted {what} of {self._where}, found {_said(answer)}; check the address and the unit")
        return answer

    @property
    def _opened(self) -> Any:
        if self._client is None:
            raise WireLost(f"wanted the Modbus device at {self._where}, found its connection closed; check the log")
        return self._client

    @property
    def _where(self) -> str:
        settings = self._settings
        place = f"{settings.host}:{settings.port}" if isinstance(settings, ModbusTcp) else settings.port
        return f"{place}, unit {settings.unit}"


def _said(answer: Any) -> str:
    code = getattr(answer, "exception_code", None)
    return f"that the device says: {_EXCEPTIONS.get(code, 'an exception of its own')} ({code})" if code else str(answer)
