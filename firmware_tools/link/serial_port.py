"""A serial port, found by what it is and not by the number that the kernel gave it today.

`/dev/ttyUSB0` is whichever adapter was plugged in first. So a port is named by its path in `/dev/serial/by-id`, by a
USB serial number, or by a piece of either; a name that fits two ports is refused, and so is another device at the same
path when a line is opened again. Adapters without a serial number are all alike, so such a one must not be unplugged
meanwhile.
"""

from __future__ import annotations

import os
import stat
import termios
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.control_lines import leave_chip_alone
from edge_contracts.errors import BadInputError, MissingExtraError
from firmware_tools.link.link import LinkLost, NoControlLines
from firmware_tools.link.port_faults import NoPort, kind_of, not_opened, require_free

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BY_ID = Path("/dev/serial/by-id")
WRITE_TIMEOUT_S = 5.0
"""A page of flash may take a second to erase while a chip holds the line."""


class AmbiguousPort(BadInputError):
    """The name fits several ports."""


class OtherDevice(LinkLost):
    """The port is back, and another device answers at it."""


@dataclass(frozen=True, slots=True)
class Port:
    """One serial port that is there now.

    path: what to open.
    names: what it may be called: its path, its links in /dev/serial/by-id, its USB serial number.
    identity: vendor, product and serial number of a USB adapter; empty for a port that has none.
    """

    path: str
    names: tuple[str, ...]
    identity: str = ""


def list_ports(by_id: Path = BY_ID) -> list[Port]:
    """The serial ports that are there now."""
    load_serial()
    from serial.tools import list_ports as system_ports  # noqa: PLC0415 - only a serial line needs it

    links = {str(link.resolve()): str(link) for link in sorted(by_id.glob("*"))}
    found = []
    for one in system_ports.comports():
        identity = f"{one.vid:04x}:{one.pid:04x}:{one.serial_number or ''}" if one.vid is not None else ""
        names = (one.device, links.get(one.device, ""), one.serial_number or "")
        found.append(Port(one.device, tuple(name for name in names if name), identity))
    return found


def find_port(name: str, ports: Callable[[], Sequence[Port]] = list_ports) -> Port:
    """The one port that a name fits: a path as it stands, else a piece of what it may be called.

    Raises:
        AmbiguousPort: several fit; the message lists what is there.
        NoPort: it is something else than a serial port.
        LinkLost: none fits, or the path is not there.
    """
    found = ports()
    if not name or "://" in name:
        given = f"the address {name}, which is none here" if name else "none given"
        raise NoPort(
            f"wanted a serial port, found {given}; give --port, best from {BY_ID}. Now there: {_listed(found)}"
        )
    if name.startswith("/"):
        real = os.path.realpath(name)
        known = next((one for one in found if one.path in {name, real}), None)
        if known is None and not Path(real).exists():
            raise LinkLost(f"wanted the serial port {name}, found none there; plug it in. Now there: {_listed(found)}")
        if known is None and not stat.S_ISCHR(Path(real).stat().st_mode):
            raise NoPort(
                f"wanted a serial port, found {kind_of(real)} at {name}; give a port, best its link in {BY_ID}. "
                f"Now there: {_listed(found)}"
            )
        # The name stays as it was given: a link in /dev/serial/by-id finds the device again at another number.
        return Port(name, (name,), known.identity if known else "")
    fitting = [one for one in found if any(name in each for each in one.names)]
    if not fitting:
        raise LinkLost(
            f"wanted one serial port that {name!r} fits, found none; plug it in, or give another name. "
            f"Now there: {_listed(found)}"
        )
    if len(fitting) > 1:
        raise AmbiguousPort(
            f"wanted one serial port that {name!r} fits, found {len(fitting)}: {_listed(fitting)}; "
            "give more of its name"
        )
    # Its link stays when the kernel numbers its ports anew.
    link = next((one for one in fitting[0].names if one.startswith(str(BY_ID))), fitting[0].path)
    return replace(fitting[0], path=link)


class HeldPort:
    """One port by its name, and the same adapter each time that it is asked for.

    Args:
        name: as a person gave it.
        ports: the serial ports that are there.

    Raises:
        AmbiguousPort: the name fits several ports.
        NoPort: it is something else than a serial port.
        LinkLost: it fits none, or the path is not there.
    """

    def __init__(self, name: str, ports: Callable[[], Sequence[Port]] = list_ports) -> None:
        self._ports = ports
        self._port = find_port(name, ports)
        self._node = _node(self._port)

    def path(self) -> str:
        """What to open now.

        Raises:
            LinkLost: it is not there.
            OtherDevice: another adapter is, or may be.
            PortBusy: another program has it for itself.
        """
        found = same_port(self._port, self._ports)
        if found.identity.endswith(":") and _node(found) != self._node:
            raise OtherDevice(
                f"wanted the adapter that was at {found.path} at first, found one plugged in since, and neither has a "
                "serial number to tell it by; look which chip it leads to, and begin again"
            )
        require_free(found.path)
        return found.path


def load_serial() -> Any:
    """The package pyserial.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import serial  # noqa: PLC0415 - only a serial line needs it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package pyserial, found none: pip install 'lepton-edge[firmware]'"
        ) from error
    return serial


class SerialLink:
    """An open serial port; opening it does not hold the chip behind it, and may start it anew.

    Args:
        port: which.
        baud: its speed.
    """

    def __init__(self, port: Port, baud: int) -> None:
        self.port = port
        # A server on the network knows neither.
        options = {} if "://" in port.path else {"write_timeout": WRITE_TIMEOUT_S, "exclusive": True}
        try:
            self._serial: Any = load_serial().serial_for_url(port.path, baud, timeout=0, do_not_open=True, **options)
            leave_chip_alone(self._serial)
            self._serial.open()
            self._serial.reset_input_buffer()
        except (OSError, ValueError, termios.error) as error:
            raise not_opened(port.path, error) from error

    def read(self, timeout_s: float) -> bytes:
        """What came; empty when that was nothing for `timeout_s`."""
        try:
            self._serial.timeout = timeout_s
            first: bytes = self._serial.read(1)
            return first + self._serial.read(self._serial.in_waiting) if first else b""
        except (OSError, TypeError, termios.error) as error:  # TypeError: pyserial's when the port closed under it
            raise _broken("read", self.port.path, error) from error

    def write(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self._serial.write(data)
        except (OSError, TypeError, termios.error) as error:
            raise _broken("write to", self.port.path, error) from error

    def set_baud(self, baud: int) -> None:
        """Go on at another speed."""
        try:
            self._serial.baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise LinkLost(f"wanted {baud} baud on {self.port.path}, found {error}; give another speed") from error

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Assert or release DTR and RTS."""
        try:
            self._serial.dtr, self._serial.rts = dtr, rts
        except (OSError, termios.error) as error:
            raise NoControlLines(
                f"wanted DTR and RTS on {self.port.path}, found none ({error}); reset the chip by its button"
            ) from error

    def close(self) -> None:
        """Let go of it."""
        self._serial.close()


def _broken(what: str, path: str, error: Exception) -> LinkLost:
    """Of a cable that was pulled pyserial guesses; where the port itself is gone, that is told."""
    if "://" not in path and not Path(path).exists():
        return LinkLost(f"wanted to {what} {path}, found that it is gone; plug its cable in again, and begin again")
    return LinkLost(f"wanted to {what} {path}, found {error}; check the cable")


def same_port(port: Port, ports: Callable[[], Sequence[Port]] = list_ports) -> Port:
    """The same port after it was lost or its chip was reset.

    Raises:
        OtherDevice: another device answers to its name.
        LinkLost: it is not back yet.
    """
    found = find_port(port.path, ports)
    if found.identity != port.identity:
        raise OtherDevice(
            f"wanted {port.identity or 'a port without an identity'} at {port.path}, found "
            f"{found.identity or 'a port without one'}; plug the first device in again"
        )
    return found


def _node(port: Port) -> int | None:
    """The number of a port's device node: the kernel makes a new node each time that an adapter is plugged in."""
    try:
        return Path(port.path).stat().st_ino
    except OSError:
        return None


def _listed(ports: Sequence[Port]) -> str:
    """The ports by the names to give, best their links in /dev/serial/by-id."""
    names = (next((name for name in one.names if name.startswith(str(BY_ID))), one.path) for one in ports)
    return ", ".join(sorted(names)) or "no serial port at all"
