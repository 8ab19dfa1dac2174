"""A bench per family: its chip on a pseudo-terminal or drive, its flasher, and what the chip holds afterwards."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_tools.flash.esp32 import Esp32Flasher
from firmware_tools.flash.mcuboot import McubootFlasher
from firmware_tools.flash.rp2 import Rp2Flasher
from firmware_tools.flash.stm32 import Stm32Flasher
from firmware_tools.image import parse_image
from tests.fakes.esp_rom import EspRom
from tests.fakes.firmware_images import RP2350, esp, mcuboot, program, uf2
from tests.fakes.smp_chip import SmpChip
from tests.fakes.stm32_rom import Stm32Rom
from tests.fakes.uf2_drive import Uf2Drive

HERE = Path(__file__).parent
PATIENT_S, HURRIED_S = 3.0, 0.25
OLD = mcuboot(size=500, version="1.0.0", seed=9)


@dataclass
class Bench:
    """What the contract needs of a family.

    image: what is flashed; size: its bytes that go into memory.
    expected: the chip's name, where the image names none.
    other: keywords that make the model another chip.
    """

    family: str
    image: Any
    size: int
    expected: str | None
    other: dict[str, Any]
    folder: Path
    answer_s: float = PATIENT_S

    def chip(self, fault=None, **model):
        # Where no answer will come, waiting for one is only time; else a busy machine may take its own.
        if fault is not None and (fault.kind in {"silent", "power"} or (fault.kind == "cut" and not fault.back)):
            self.answer_s = HURRIED_S
        return MODELS[self.family](self.folder, fault, **model)

    def environment(self, chip) -> dict[str, str]:
        """What the programs are told beside their arguments."""
        told = self.folder / "esptool.cfg"
        told.write_text(
            f"[esptool]\ntimeout = {self.answer_s}\nsync_timeout = 0.1\nconnect_attempts = 1\nopen_port_attempts = 1\n"
        )
        lines = getattr(chip, "lines_path", "")
        return {"ESPTOOL_CFGFILE": str(told), "CHIP_LINES": lines, "CHIP_ANSWER_S": str(self.answer_s)}

    def flasher(self, chip):
        return FLASHERS[self.family](self.image, chip, self.answer_s)

    def held(self, chip) -> str:
        """What would start now: "old", "new" or "mixed"."""
        if self.family == "mcuboot":
            return (
                "new" if chip.first.startswith(self.image.content) else "old" if chip.first.startswith(OLD) else "mixed"
            )
        start = 0x10000 if self.family == "esp32" else 0
        content = self.image.segments[0].content if self.family == "rp2" else self.image.content
        found = bytes(chip.memory[start : start + len(content)])
        return "new" if found == content else "old" if set(chip.memory) == {0xA5} else "mixed"


def bench(family: str, folder: Path) -> Bench:
    if family == "mcuboot":
        image = parse_image(mcuboot(size=4000, version="2.0.0"))
        return Bench(family, image, image.size_bytes, "gate_board", {"board": "lamp_board/rp2040"}, folder)
    if family == "esp32":
        image = parse_image(esp(size=8000))
        return Bench(family, image, image.size_bytes, None, {"chip_id": 9}, folder)
    if family == "stm32":
        image = parse_image(program(3000))
        return Bench(family, image, image.size_bytes, "0x410", {"product": 0x413}, folder)
    image = parse_image(uf2(program(40000)))
    return Bench(family, image, image.payload_bytes, None, {"board": "RP2350", "family": RP2350}, folder)


MODELS = {
    "mcuboot": lambda folder, fault, **model: SmpChip(folder, OLD, fault, **model),
    "esp32": EspRom,
    "stm32": Stm32Rom,
    "rp2": Uf2Drive,
}


def _no_wait(_seconds):
    """The far end is quick."""


FLASHERS = {
    "mcuboot": lambda image, chip, answer_s: McubootFlasher(
        image,
        lambda: chip.path,
        baud=115200,
        timeout_s=answer_s,
        erase_timeout_s=answer_s,
        boot_timeout_s=20.0,
        confirm=True,
        sleep=_no_wait,
    ),
    "esp32": lambda image, chip, _: Esp32Flasher(
        image,
        lambda: chip.path,
        [sys.executable, "-m", "esptool"],
        baud=115200,
        address=None,
        timeout_s=20.0,
        wired=False,
        stub=False,
        sleep=_no_wait,
    ),
    "stm32": lambda image, chip, _: Stm32Flasher(
        image,
        lambda: chip.path,
        [sys.executable, str(HERE / "stm32loader_on_pty.py")],
        baud=115200,
        address=0x08000000,
        timeout_s=20.0,
    ),
    "rp2": lambda image, chip, _: Rp2Flasher(image, chip.path, timeout_s=0.5, sleep=chip.gone.wait),
}
