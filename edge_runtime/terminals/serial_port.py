"""A serial port (pyserial): opened for us alone, read and written with time-outs."""

from __future__ import annotations

import termios
from typing import TYPE_CHECKING, Any

from edge_contracts.control_lines import leave_chip_alone
from edge_contracts.errors import MissingExtraError
from edge_runtime.capture.serial_fault import reason_of
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station.terminal import SerialPort

WRITE_TIMEOUT_S = 0.5
PARITIES = {"none": "N", "even": "E", "odd": "O"}
"""pyserial's and pymodbus's letters for a parity."""


def load_serial() -> Any:
    """The package pyserial.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import serial  # noqa: PLC0415 - only stations with a serial port need it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package pyserial, found none: pip install 'lepton-edge[serial]'"
        ) from error
    return serial


class OpenPort:
    """One serial port, opened and closed as often as needed.

    Args:
        settings: port, speed, parity, stop bits.
        leads_to_chip: a microcontroller is behind it, which DTR and RTS must not hold.
    """

    def __init__(self, settings: SerialPort, *, leads_to_chip: bool = False) -> None:
        self._serial = load_serial()
        self._settings = settings
        self._leads_to_chip = leads_to_chip
        self._port: Any = None

    def open(self) -> None:
        """Open it; what came before is thrown away.

        Raises:
            WireLost: it is not there, or somebody else has it.
        """
        self.close()
        settings = self._settings
        try:
            self._port = self._serial.Serial(
                baudrate=settings.baud,
                parity=PARITIES[settings.parity],
                stopbits=settings.stop_bits,
                write_timeout=WRITE_TIMEOUT_S,
                exclusive=True,
            )
            self._port.port = settings.port
            if self._leads_to_chip:
                leave_chip_alone(self._port)
            self._port.open()
            self._port.reset_input_buffer()
        except (OSError, ValueError, termios.error) as error:
            raise WireLost(
                f"wanted the serial port {settings.port}, found {reason_of(error, settings.port)}; "
                "check cable, name and the group dialout"
            ) from error

    def read(self, timeout_s: float) -> bytes:
        """What came; empty when that was nothing for `timeout_s`.

        Raises:
            WireLost: the port is gone.
        """
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except (OSError, TypeError, termios.error) as error:  # TypeError: pyserial's when the port closed under it
            raise WireLost(f"wanted to read {self._settings.port}, found {error}; check the cable") from error

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            WireLost: the port is gone, or takes nothing for 0.5 s.
        """
        try:
            self._port.write(data)
        except (OSError, termios.error) as error:
            raise WireLost(f"wanted to write to {self._settings.port}, found {error}; check the cable") from error

    def close(self) -> None:
        """Let go of it."""
        port, self._port = self._port, None
        if port is not None:
            port.close()


class LineBuffer:
    """Puts text lines together from pieces; a line ends with CR, LF or both, and empty lines are none.

    Args:
        most: bytes of an unfinished line; a longer one is thrown away, so that noise does not fill the memory.
    """

    def __init__(self, most: int = 1024) -> None:
        self.dropped = 0
        self._most = most
        self._rest = b""

    def lines(self, data: bytes) -> list[str]:
        r"""The lines that these bytes complete; bytes that are no UTF-8 become escapes such as `\xe9`."""
        *whole, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(rest) > self._most:
            self.dropped += len(rest)
            rest = b""
        self._rest = rest
        return [line.decode("utf-8", "backslashreplace") for line in whole if line.strip()]
