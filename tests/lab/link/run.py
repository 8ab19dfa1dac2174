"""`make lab-link COUNT=1000000`: so many random frames to the C codec and back over a pty that damages what passes.

Each must be understood as it was sent, or not at all; and whatever is whole must be understood.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.firmware import built
from tests.lab.link.echoes import round_trips


def main() -> int:
    """Print the table; 1 where a frame was taken for another, or missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.monotonic()
    with TemporaryDirectory(prefix="lepton-link-") as folder:
        tally = round_trips(built("echo", Path(folder)), asked.count, asked.seed)
    print(f"seed {asked.seed}, {time.monotonic() - started:.0f} s")
    for name, number in tally.items():
        print(f"{name:<24}{number:>12,}")
    return int(any(number for name, number in tally.items() if ":" in name))


if __name__ == "__main__":
    sys.exit(main())
