"""Parts that a bundle knows: what a board that is taught compares with, as members of the bundle.

`known/good.npy` has a row per good part that was learned, float32 N×D, as the output with the role `features` gives it.
They belong to the digest: what was taught holds for exactly these.
"""

from __future__ import annotations

from typing import Final

KNOWN_FOLDER: Final = "known/"
KNOWN_GOOD: Final = "known/good.npy"
KNOWN_MOST: Final = 64
"""Rows: with more of them a few numbers change in their third digit, and the bundle grows."""
