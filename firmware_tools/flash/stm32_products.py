"""ST's chips by their product id (AN2606): what they are called, and where they tell their own number and size.

A chip's 96-bit unique id and the size of its flash stand in its system memory, at addresses that its reference manual
gives ("Device electronic signature"); the bootloader reads them like any other memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Product:
    """One product id.

    name: as `--chip` may give it.
    registers: what stm32loader calls the family whose registers lie where this one's do; empty where it knows none.
    """

    name: str
    registers: str = ""


PRODUCTS: Mapping[int, Product] = {
    0x410: Product("stm32f10x-medium", "F1"),
    # RM0033 has them where RM0090 has the F4's.
    0x411: Product("stm32f2", "F4"),
    0x412: Product("stm32f10x-low", "F1"),
    0x413: Product("stm32f405-f407", "F4"),
    0x414: Product("stm32f10x-high", "F1"),
    0x418: Product("stm32f105-f107", "F1"),
    0x419: Product("stm32f42x-f43x", "F4"),
    0x420: Product("stm32f100-medium", "F1"),
    0x421: Product("stm32f446", "F4"),
    0x422: Product("stm32f30x", "F3"),
    0x423: Product("stm32f401xb-xc", "F4"),
    0x431: Product("stm32f411", "F4"),
    0x433: Product("stm32f401xd-xe", "F4"),
    0x435: Product("stm32l43x-l44x", "L4"),
    # Of an F0 stm32loader reads the size alone.
    0x440: Product("stm32f05x-f030x8", "F0"),
    0x444: Product("stm32f03x", "F0"),
    0x445: Product("stm32f04x-f070x6", "F0"),
    0x448: Product("stm32f07x", "F0"),
    0x449: Product("stm32f74x-f75x", "F7"),
    0x450: Product("stm32h74x-h75x", "H7"),
    0x460: Product("stm32g07x-g08x", "G0"),
    0x466: Product("stm32g03x-g04x", "G0"),
    # RM0440 has them where RM0394 has the L4's.
    0x468: Product("stm32g431-g441", "L4"),
    0x469: Product("stm32g47x-g48x", "L4"),
}
"""One that is not listed keeps its number as its name."""
