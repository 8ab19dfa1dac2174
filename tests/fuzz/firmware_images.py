"""`make fuzz-images COUNT=1000000`: so many damaged firmware images; each is read or refused in words, and soon."""

from __future__ import annotations

import argparse
import struct
import sys
import time
import traceback
from collections import Counter
from random import Random

from edge_contracts.errors import LeptonError
from firmware_tools.image import parse_image
from tests.fakes.firmware_images import elf, esp, intel_hex, mcuboot, program, uf2
from tests.fuzz.mutation import INTEGERS, damaged

SLOW_S = 2.0


def sounds() -> dict[str, bytes]:
    small = program(300)
    table = struct.pack("<HBBII16sI", 0x50AA, 0, 0x10, 0x9000, 0x1000, b"factory", 0)
    return {
        "mcuboot": mcuboot(300),
        "esp": esp(size=300),
        "esp, merged": (esp(size=300).ljust(0x8000, b"\xff") + table).ljust(0x9000, b"\xff") + esp(size=300),
        "elf": elf(small),
        "hex": intel_hex(small),
        "uf2": uf2(small),
        "bin": small,
    }


def mutant(content: bytes, draw: Random) -> bytes:
    """Damage anywhere, or one field set to a number that hurts; some get their sums made good again."""
    if draw.random() < 0.5:
        return damaged(content, draw)
    found, width = bytearray(content), draw.choice((1, 2, 4))
    value = draw.choice((*INTEGERS, draw.randrange(64))) & ((1 << (8 * width)) - 1)
    edge = draw.choice((64, len(found) - width + 1))
    place = draw.randrange(min(edge, len(found) - width + 1))
    found[place : place + width] = value.to_bytes(width, "little")
    return _mended(bytes(found)) if content.startswith(b":") else bytes(found)


def _mended(content: bytes) -> bytes:
    """Intel HEX with its checksums made good, so that what is behind them is reached."""
    lines = []
    for line in content.splitlines():
        try:
            body = bytes.fromhex(line[1:-2].decode("ascii"))
        except ValueError:
            lines.append(line)
        else:
            lines.append(b":%s%02X" % (body.hex().upper().encode(), -sum(body) % 256))
    return b"\n".join(lines)


def drive(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """The outcomes by format, and a sentence for each that must not be."""
    corpus, outcomes, failures = sounds(), Counter(), []
    for case in range(count):
        draw = Random(f"{seed}/{case}")
        name = draw.choice(list(corpus))
        content, started = mutant(corpus[name], draw), time.monotonic()
        try:
            parse_image(content)
            outcome = "read"
        except LeptonError as error:
            outcome = "refused" if "wanted" in str(error) and ", found" in str(error) else "refused without words"
        except Exception:  # noqa: BLE001 - whatever it is, it is what the fuzzer looks for
            outcome = f"failed\n{traceback.format_exc()}"
        if time.monotonic() - started > SLOW_S:
            outcome = "slow"
        outcomes[f"{name}|{outcome.partition(chr(10))[0]}"] += 1
        if outcome not in {"read", "refused"}:
            failures.append(f"mutant {seed}/{case} of {name}: {outcome}")
    return outcomes, failures


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz.firmware_images", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, started = parser.parse_args(), time.monotonic()
    outcomes, failures = drive(asked.count, asked.seed)
    print(f"{asked.count:,} mutants in {time.monotonic() - started:.0f} s, seed {asked.seed}")
    for key, found in sorted(outcomes.items()):
        name, outcome = key.split("|")
        print(f"  {name:<12} {outcome:<24} {found:>10,}")
    print(f"{len(failures)} failures")
    for sentence in failures[:20]:
        print(sentence, file=sys.stderr)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
