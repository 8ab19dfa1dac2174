"""The line to a microcontroller: a serial port by its identity, a TCP address, or a recording that is played again."""

from firmware_tools.link.link import Link, LinkLost, NoControlLines, read_exactly
from firmware_tools.link.opening import open_link
from firmware_tools.link.port_faults import also_open, kind_of
from firmware_tools.link.recording import RecordedLink, ReplayedLink
from firmware_tools.link.reset import RESETS, Reset, find_baud, reset
from firmware_tools.link.serial_port import HeldPort, find_port

__all__ = [
    "RESETS",
    "HeldPort",
    "Link",
    "LinkLost",
    "NoControlLines",
    "RecordedLink",
    "ReplayedLink",
    "Reset",
    "also_open",
    "find_baud",
    "find_port",
    "kind_of",
    "open_link",
    "read_exactly",
    "reset",
]
