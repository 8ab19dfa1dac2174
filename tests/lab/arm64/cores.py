"""The processors that are emulated, and what /proc/cpuinfo says on a board that has them.

LiteRT and ONNX Runtime choose their kernels by what this file and the kernel's capability bits say; with the host's own
file they crash on reading an x86 machine.
"""

from __future__ import annotations

from dataclasses import dataclass

ARM = 0x41
"""The implementer's number: Arm Limited."""

CORES_PER_BOARD = 4

BASE_FEATURES = ("fp", "asimd", "evtstrm", "crc32", "cpuid")
V8_2_FEATURES = ("atomics", "fphp", "asimdhp", "asimdrdm", "lrcpc", "dcpop", "asimddp")
"""Atomics, half precision and dot products came with Armv8.2."""


@dataclass(frozen=True, slots=True)
class Core:
    """One kind of core.

    name: as QEMU_CPU calls it.
    board: the boards that have it.
    part: its number in the identification register, as Arm's reference manual of the core gives it.
    variant, revision: of the silicon on the board.
    features: what the operating system says that it can do.
    """

    name: str
    board: str
    part: int
    variant: int
    revision: int
    features: tuple[str, ...]


CORES = (
    Core("cortex-a53", "Raspberry Pi 3 and Zero 2 W", 0xD03, 0, 4, BASE_FEATURES),
    Core("cortex-a72", "Raspberry Pi 4", 0xD08, 0, 3, BASE_FEATURES),
    Core("cortex-a76", "Raspberry Pi 5", 0xD0B, 4, 1, BASE_FEATURES + V8_2_FEATURES),
)


def cpuinfo(core: Core) -> str:
    """The text of /proc/cpuinfo on a board with four of these cores."""
    return "".join(
        f"processor\t: {number}\n"
        "BogoMIPS\t: 108.00\n"
        f"Features\t: {' '.join(core.features)}\n"
        f"CPU implementer\t: {ARM:#x}\n"
        "CPU architecture: 8\n"
        f"CPU variant\t: {core.variant:#x}\n"
        f"CPU part\t: {core.part:#x}\n"
        f"CPU revision\t: {core.revision}\n\n"
        for number in range(CORES_PER_BOARD)
    )
