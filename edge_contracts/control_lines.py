"""DTR and RTS of a port that leads to a microcontroller: opened so that they do not hold its reset or its boot pin.

Boards wire them to both, and an asserted line is a low pin. The kernel asserts the two when it opens a port and
releases them when it closes it, and no program can keep it from the first. What comes after is ours: both are released,
DTR first. So a chip whose reset is DTR and whose boot pin is RTS (an STM32 as the guide draws it) starts its program,
and so does one whose reset is RTS and whose boot pin is DTR (an ESP, with Espressif's two transistors or without).

A chip with USB of its own has no such wires, and many of them say nothing while DTR is released: there both stay
asserted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

CHIPS_OWN_USB = "ttyACM"
"""How Linux names such a port (USB's communication class); an adapter is a ttyUSB."""


def leave_chip_alone(port: Any) -> None:
    """Settle what DTR and RTS are once the port is open.

    Args:
        port: pyserial's, with its name and not yet open; it sets DTR first, then RTS.
    """
    asserted = Path(os.path.realpath(port.port)).name.startswith(CHIPS_OWN_USB)
    port.dtr, port.rts = asserted, asserted
