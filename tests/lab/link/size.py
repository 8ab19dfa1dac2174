"""`make size-link`: what lepton_link.h takes on a Cortex-M, in bytes. Needs gcc-arm-none-eabi, no C library.

A firmware that uses all of it is compiled alone; memcpy, memset and division are the compiler's library's, and counted
where it has them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.firmware import HEADERS, STRICT
from tests.system.required import require_tool

CODE_MAX, RAM_MAX = 4096, 512
CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m33")
STRING_H = """
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
size_t strlen(const char *);
"""
FIRMWARE = """
#include "lepton_link.h"

extern void uart_write(void *context, const uint8_t *bytes, uint8_t size);
extern uint8_t handle(void *context, const struct lepton_frame *frame);
struct lepton_link link;
const struct lepton_self self = {1000000u, "1.0.0", "board", uart_write, handle, NULL};

void begin(void) { lepton_start(&link, &self); }
void heard(uint8_t byte, uint32_t tick, uint32_t count) { lepton_hear(&link, byte, tick, count); }
void part(uint32_t tick, uint32_t count) { lepton_part(&link, tick, count); }
uint8_t due(uint32_t tick, uint32_t count) { return lepton_poll(&link, tick, count); }
void say(const char *text) { lepton_say_log(&link, LEPTON_LEVEL_INFO, text); }
"""


def main() -> int:
    """Print a line per core; 1 where it is more than promised."""
    compiler = require_tool("arm-none-eabi-gcc")
    worst = 0
    print(f"{'core':<16}{'code':>8}{'RAM':>8}{'stack':>8}   bytes; promised: code {CODE_MAX}, RAM {RAM_MAX}")
    for core in CORES:
        code, ram, stack = _measured(compiler, core)
        print(f"{core:<16}{code:>8}{ram:>8}{stack:>8}")
        worst |= code > CODE_MAX or ram > RAM_MAX
    return int(worst)


def _measured(compiler: str, core: str) -> tuple[int, int, int]:
    """Code with constants, static memory, and the largest frame of one function on the stack."""
    with TemporaryDirectory(prefix="lepton-size-") as name:
        folder = Path(name)
        (folder / "string.h").write_text(STRING_H, "utf-8")
        (folder / "firmware.c").write_text(FIRMWARE, "utf-8")
        flags = [*STRICT, "-Os", "-ffreestanding", f"-mcpu={core}", "-mthumb", "-fstack-usage", f"-I{HEADERS}", "-I."]
        subprocess.run([compiler, *flags, "-c", "firmware.c"], cwd=folder, check=True)
        size = compiler.removesuffix("gcc") + "size"
        told = subprocess.run([size, "firmware.o"], cwd=folder, check=True, capture_output=True, text=True)
        text, data, bss = map(int, told.stdout.splitlines()[1].split()[:3])
        stacks = [int(line.split("\t")[1]) for line in (folder / "firmware.su").read_text("utf-8").splitlines()]
    return text + data, data + bss, max(stacks)


if __name__ == "__main__":
    sys.exit(main())
