"""`python -m tests.system.faults [PART OF A NAME …]`: prints the table; leaves with 1 if a promise was not kept."""

from __future__ import annotations

import sys
import time

from tests.system.faults.catalogue import FAULTS
from tests.system.faults.table import HEADING, row
from tests.system.faults.trial import run_all


def main(asked: list[str]) -> int:
    """Try all faults, or those whose names have one of these words in them."""
    chosen = [fault for fault in FAULTS if not asked or any(word in fault.name for word in asked)]
    begun = time.monotonic()
    print(HEADING, flush=True)
    outcomes = []
    for outcome in run_all(chosen):
        print(row(outcome), flush=True)
        outcomes.append(outcome)
    broken = [outcome for outcome in outcomes if outcome.broken]
    skipped = sum(outcome.missing is not None for outcome in outcomes)
    kept = len(outcomes) - len(broken) - skipped
    print(f"\n{kept} of {len(outcomes)} faults, {skipped} skipped, {time.monotonic() - begun:.0f} s")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
