"""Parts that a bundle knows: what a board that is taught compares with, and shows, as members of the bundle.

`known/good.npy` has a row per good part that was learned, float32 N×D, as the output with the role `features` gives it;
`known/defective.npy` the same of labelled defects, where some were learned. `known/good-00.jpg` is a small picture of
the part in row 0; not every row has one. They belong to the digest: what was taught holds for exactly these.
"""

from __future__ import annotations

from typing import Final, Literal

KNOWN_FOLDER: Final = "known/"
KNOWN_GOOD: Final = "known/good.npy"
KNOWN_DEFECTIVE: Final = "known/defective.npy"
KNOWN_MOST: Final = 64
"""Rows: with more of them a few numbers change in their third digit, and the bundle grows."""

PICTURED_MOST: Final = 16
"""Good parts with a picture, and defective ones with a row and a picture."""

PICTURE_SIDE_PX: Final = 96


def picture_member(kind: Literal["good", "defective"], row: int) -> str:
    """The member with the picture of a row."""
    return f"{KNOWN_FOLDER}{kind}-{row:02}.jpg"
