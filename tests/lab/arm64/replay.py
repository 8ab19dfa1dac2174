"""Runs on the emulated board: replays a bundle's goldens with the board's own predictor and prints how far it is off.

Reads bundles from the command line; prints one JSON line per bundle, so that what ran before a crash is not lost.
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge_runtime.infer.predictor import GoldenMismatch, Predictor

AT_HWCAP = 16
HWCAP_ASIMDDP = 1 << 20
"""The kernel's bit for dot products, from linux/arch/arm64/include/uapi/asm/hwcap.h."""


def main() -> None:
    """Replay every bundle."""
    libc = ctypes.CDLL(None)
    libc.getauxval.restype = ctypes.c_ulong
    dot_products = bool(libc.getauxval(AT_HWCAP) & HWCAP_ASIMDDP)
    for path in sys.argv[1:]:
        print(json.dumps({"bundle": path, "dot_products": dot_products, **_replayed(Path(path))}), flush=True)


def _replayed(path: Path) -> dict[str, Any]:
    predictor = Predictor.open(path)
    begin = time.monotonic()
    try:
        predictor.verify_goldens()
        verdict = "ok"
    except GoldenMismatch as error:
        verdict = str(error)
    taken = time.monotonic() - begin
    return {
        "verdict": verdict,
        "share": _largest_share(predictor),
        "seconds": round(taken, 2),
        "kernels": f"{predictor.backend.runtime} {predictor.backend.version}, {predictor.backend.kernels}",
    }


def _largest_share(predictor: Predictor) -> float:
    """The largest distance from a golden, as a share of its tolerance."""
    recorded = predictor.manifest.golden
    members = predictor._bundle.members
    shares = [0.0]
    for golden in recorded.goldens if recorded else ():
        scores = predictor.predict_tensor(np.load(io.BytesIO(members[golden.input])))
        for tensor, member in golden.outputs.items():
            distance = float(np.max(np.abs(scores.outputs[tensor] - np.load(io.BytesIO(members[member])))))
            tolerance = recorded.tolerance[tensor] if recorded else 0.0
            shares.append(distance / tolerance if tolerance else float(distance > 0) * 1e9)
    return max(shares)


if __name__ == "__main__":
    main()
