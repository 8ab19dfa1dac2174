"""How each family is wired for flashing: the wires as data, and their picture as SVG text for the guides."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH_PX, TOP_PX, ROW_PX, FOOT_PX, NOTE_PX = 720, 92, 42, 26, 20
LEFT_PX, RIGHT_PX, BOX_PX, THROUGH_PX = 30, 480, 210, 84
DATA, GROUND, CONTROL, SUPPLY = "#2b6cb0", "#1a202c", "#b7791f", "#c53030"


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire.

    left, right: the pins at its ends.
    colour: by its use.
    flows: where its signal goes, "right", "left" or "both".
    dashed: it may be left out; then a person does with a button what it does.
    through: what stands in its middle; empty for nothing.
    """

    left: str
    right: str
    colour: str
    flows: str = "both"
    dashed: bool = False
    through: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """One family's wires.

    title: of the picture.
    left, right: what the two boxes are, in two lines each.
    wires: from top to bottom.
    notes: lines below.
    """

    title: str
    left: tuple[str, str]
    right: tuple[str, str]
    wires: tuple[Wire, ...]
    notes: tuple[str, ...]


_ADAPTER = ("USB serial adapter", "set to 3.3 V")

WIRINGS: Mapping[str, Wiring] = {
    "mcuboot": Wiring(
        "A device with MCUboot: three wires to its console",
        _ADAPTER,
        ("Device", "running Zephyr with SMP"),
        (
            Wire("TXD", "RX of the console", DATA, "right"),
            Wire("RXD", "TX of the console", DATA, "left"),
            Wire("GND", "GND", GROUND),
        ),
        (
            "A board with USB of its own needs only its cable.",
            "No reset line: the running image restarts the device itself.",
        ),
    ),
    "esp32": Wiring(
        "ESP32: serial line, reset and boot mode",
        _ADAPTER,
        ("ESP32 module", "powered from its own 3.3 V"),
        (
            Wire("TXD", "RXD0", DATA, "right"),
            Wire("RXD", "TXD0", DATA, "left"),
            Wire("RTS", "EN (reset)", CONTROL, "right", dashed=True, through="transistor"),
            Wire("DTR", "GPIO0, C3: GPIO9 (boot)", CONTROL, "right", dashed=True, through="transistor"),
            Wire("GND", "GND", GROUND),
        ),
        (
            "Transistors: the two that Espressif's boards carry, so that RTS and DTR together do nothing.",
            "A board with a USB socket has all of it. In service the dashed wires may stay.",
            "Without them: --by-hand, hold BOOT, press EN, let BOOT go.",
        ),
    ),
    "stm32": Wiring(
        "STM32: serial line of the bootloader in system memory",
        _ADAPTER,
        ("STM32", "powered from its own 3.3 V"),
        (
            Wire("TXD", "PA10 (USART1_RX)", DATA, "right"),
            Wire("RXD", "PA9 (USART1_TX)", DATA, "left"),
            Wire("DTR", "NRST", CONTROL, "right", dashed=True, through="jumper"),
            Wire("RTS", "BOOT0", CONTROL, "right", dashed=True, through="jumper"),
            Wire("GND", "GND", GROUND),
        ),
        (
            "Both jumpers are for flashing alone. In service take them off: an idle adapter holds BOOT0 high,",
            "and after a power cut the chip would wait in its bootloader. BOOT0 also to GND by 10 kΩ.",
            "Dashed wires the other way round: --swap-lines. Pins of other chips and ports: ST's AN2606.",
            "Without them: BOOT0 to 3.3 V, press reset once, flash, BOOT0 back to GND.",
        ),
    ),
    "rp2": Wiring(
        "RP2040, RP2350: the USB cable, and BOOTSEL",
        ("Board or PC", "any USB port"),
        ("RP2 board", "its USB socket"),
        (
            Wire("VBUS", "5 V", SUPPLY, "right"),
            Wire("D+ and D-", "D+ and D-", DATA),
            Wire("GND", "GND", GROUND),
        ),
        (
            "Hold BOOTSEL while the cable is plugged in: a drive RPI-RP2 or RP2350 is there.",
            "A cable for charging has no D+ and D-, and shows no drive.",
        ),
    ),
}


def picture(family: str) -> str:
    """The picture of a family's wires, as the text of an SVG file."""
    wiring = WIRINGS[family]
    box_px = len(wiring.wires) * ROW_PX + FOOT_PX + 34
    height_px = TOP_PX - 42 + box_px + 24 + len(wiring.notes) * NOTE_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height_px}" '
        'font-family="sans-serif" font-size="14">',
        f'<rect width="{WIDTH_PX}" height="{height_px}" fill="white"/>',
        f'<text x="{LEFT_PX}" y="30" font-size="17" font-weight="bold">{escape(wiring.title)}</text>',
        _box(LEFT_PX, box_px, wiring.left),
        _box(RIGHT_PX, box_px, wiring.right),
        *(_wire(row, wire) for row, wire in enumerate(wiring.wires)),
    ]
    below_px = TOP_PX - 42 + box_px + 24
    parts += [
        f'<text x="{LEFT_PX}" y="{below_px + row * NOTE_PX}" font-size="13" fill="#4a5568">{escape(note)}</text>'
        for row, note in enumerate(wiring.notes)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(left_px: int, height_px: int, words: tuple[str, str]) -> str:
    middle_px = left_px + BOX_PX // 2
    return (
        f'<rect x="{left_px}" y="46" width="{BOX_PX}" height="{height_px}" rx="8" fill="#edf2f7" stroke="#4a5568"/>'
        f'<text x="{middle_px}" y="68" text-anchor="middle" font-weight="bold">{escape(words[0])}</text>'
        f'<text x="{middle_px}" y="86" text-anchor="middle" font-size="12" fill="#4a5568">{escape(words[1])}</text>'
    )


def _wire(row: int, wire: Wire) -> str:
    y_px = TOP_PX + 26 + row * ROW_PX
    from_px, to_px = LEFT_PX + BOX_PX, RIGHT_PX
    dashes = ' stroke-dasharray="7 5"' if wire.dashed else ""
    heads = {"right": [(to_px, -9)], "left": [(from_px, 9)], "both": []}[wire.flows]
    arrows = "".join(f'<path d="M{tip_px} {y_px}l{back_px} -5v10z" fill="{wire.colour}"/>' for tip_px, back_px in heads)
    return (
        f'<path d="M{from_px} {y_px}H{to_px}" stroke="{wire.colour}" stroke-width="3"{dashes}/>{arrows}'
        f"{_between(y_px, wire)}"
        f'<text x="{from_px - 12}" y="{y_px + 5}" text-anchor="end">{escape(wire.left)}</text>'
        f'<text x="{to_px + 12}" y="{y_px + 5}">{escape(wire.right)}</text>'
    )


def _between(y_px: int, wire: Wire) -> str:
    if not wire.through:
        return ""
    middle_px = (LEFT_PX + BOX_PX + RIGHT_PX) // 2
    return (
        f'<rect x="{middle_px - THROUGH_PX // 2}" y="{y_px - 12}" width="{THROUGH_PX}" height="24" rx="4" fill="white" '
        f'stroke="{wire.colour}"/>'
        f'<text x="{middle_px}" y="{y_px + 4}" text-anchor="middle" font-size="12">{escape(wire.through)}</text>'
    )
