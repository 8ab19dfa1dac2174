"""`make fuzz-link MINUTES=10`: hostile bytes for both decoders, which must agree, and for a whole firmware.

The C side runs with the address and undefined-behaviour sanitizers. Where clang is installed, half of the time goes to
libFuzzer, which looks for new paths of the C decoder.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_contracts.serial_link import Frame, Heartbeat, Identify, StreamDecoder
from tests.fakes.firmware import built, simulated_firmware
from tests.lab.link.echoes import echoing
from tests.lab.link.hostile import hostile

PIECES = 200
COVERED = ("-O1", "-g", "-DFUZZER", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")


def main() -> int:
    """Print what was done; 1 where the two sides disagreed or a sanitizer spoke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    seconds, has_clang = asked.minutes * 60, shutil.which("clang") is not None
    with TemporaryDirectory(prefix="lepton-link-") as name:
        folder = Path(name)
        ours = seconds / 4 if has_clang else seconds / 2
        wrong = decoders(folder, asked.seed, ours) + firmware(folder, asked.seed, ours)
        if has_clang:
            wrong += _covered(folder, asked.seed, seconds / 2)
        else:
            print("clang is not installed: libFuzzer did not run")
    return int(wrong > 0)


def decoders(folder: Path, seed: int, seconds: float) -> int:
    """Both decoders on the same bytes; how often they understood different frames."""
    chance, until = random.Random(seed), time.monotonic() + seconds
    pieces = understood = differ = 0
    with echoing(built("echo", folder)) as echo:
        while time.monotonic() < until:
            data = hostile(chance, PIECES)
            mine = StreamDecoder().feed(data)
            theirs = StreamDecoder().feed(b"".join(echo.hear(data)))
            differ += mine != theirs
            pieces, understood = pieces + PIECES, understood + len(mine)
    print(f"decoders: {pieces:,} pieces, {understood:,} understood, {differ} batches with a difference")
    return differ


def firmware(folder: Path, seed: int, seconds: float) -> int:
    """A firmware in simulated time, hostile bytes, parts and leaps of its clock; how often it died."""
    chance, until = random.Random(seed), time.monotonic() + seconds
    heard = said = 0
    with simulated_firmware(built("model", folder)) as model:
        while time.monotonic() < until:
            model.hear(Frame(Identify(chance.randrange(1, 2**32))), Frame(Heartbeat(1, 100)))
            for _ in range(20):
                tick = chance.randrange(2**32) if chance.random() < 0.02 else model.tick + chance.randrange(100_000)
                told = model.at(tick, chance.randrange(2**32) if chance.random() < 0.1 else model.count + 3)
                data = hostile(chance, 10)
                said += len(told.frames) + len(model.hear_bytes(data).frames) + len(model.part().frames)
                heard += len(data)
    print(f"firmware: {heard:,} bytes heard, {said:,} frames said, every one of them understood")
    return 0


def _covered(folder: Path, seed: int, seconds: float) -> int:
    (folder / "fuzzer").mkdir()
    program = built("echo", folder / "fuzzer", COVERED, "clang")
    corpus = folder / "corpus"
    corpus.mkdir()
    chance = random.Random(seed)
    for number in range(200):
        (corpus / str(number)).write_bytes(hostile(chance, 2))
    command = [program, f"-max_total_time={seconds:.0f}", f"-seed={seed}", "-max_len=300", corpus]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print("libFuzzer: " + (done.stderr.splitlines() or ["nothing was said"])[-1])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
