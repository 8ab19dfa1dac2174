"""The parts that a detector was learned from, so that each of them, or a copy, is known again when it is to be judged.

Of a part two things are kept: the start of its file's SHA-256, and how it looks: the signs of 255 DCT coefficients of
its thumbnail without the mean of all (a perceptual hash as in `near_duplicates`, four times as long). Nobody can draw
the part from that. A look is a learned part's where it differs in 15 signs or fewer (docs/decisions/197), or fewer
still where another learned part that is no relative looks more like this one than that: parts of two kinds do.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError
from training.checks.near_duplicates import evened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.checks.facts import Facts

SIDE = 16
SIGNS = SIDE * SIDE - 1
PACKED_BYTES = SIDE * SIDE // 8
MOST_SIGNS = 15
DIGITS = 16
"""Of a SHA-256: enough that no two files share them by chance."""

BLOCK = 256

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LearnedParts:
    """What is kept of N parts.

    contents: of each the first 16 hexadecimal digits of its file's SHA-256.
    mean: 255 coefficients, the mean of all.
    limits: of each look, in how many signs another may differ and be the same part's.
    looks: N×255, whether each coefficient lies above the part's median; none of a sensor's readings, which are all
        alike.
    """

    contents: tuple[str, ...]
    mean: Floats
    limits: npt.NDArray[np.intp]
    looks: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, facts: Sequence[Facts], families: Sequence[str], *, by_look: bool = True) -> LearnedParts:
        """Of parts that can be read, one or more.

        Args:
            facts: of each.
            families: a name for each that relatives share.
            by_look: False: they are known by their files alone.
        """
        contents = tuple(one.digest[:DIGITS] for one in facts)
        if not by_look:
            none = np.zeros(0, np.intp)
            return cls(contents, np.zeros(SIGNS, np.float32), none, np.zeros((0, SIGNS), np.bool_))
        coefficients = _coefficients(facts)
        mean = coefficients.mean(axis=0)
        looks = _looks(coefficients - mean)
        return cls(contents, mean, np.minimum(MOST_SIGNS, _nearest(looks, families) // 2), looks)

    @classmethod
    def parse(cls, content: bytes) -> LearnedParts:
        """What `encoded` gave.

        Raises:
            BadInputError: something else.
        """
        try:
            told = json.loads(content)
            mean = np.frombuffer(base64.b64decode(told["mean"]), "<f4")
            rows = [one.split(":") for one in told["parts"]]
            packed = np.array([list(bytes.fromhex(look)) for _, look in rows if look], np.uint8)
            looks = np.unpackbits(packed.reshape(-1, PACKED_BYTES), axis=1, count=SIGNS).astype(np.bool_)
            # Before there was a limit for each, the least of them was everyone's.
            limits = np.array(told.get("limits", [told["limit"]] * len(looks)), np.intp).reshape(len(looks))
            return cls(tuple(digits for digits, _ in rows), mean.reshape(SIGNS), limits, looks)
        except (ValueError, KeyError, TypeError) as error:
            raise BadInputError(
                f"wanted the list of learned parts in the bundle, found it unreadable: {error}; train again"
            ) from error

    def encoded(self) -> bytes:
        """JSON; the same parts in the same order give the same bytes."""
        looks = [bytes(one).hex() for one in np.packbits(self.looks, axis=1)] or [""] * len(self.contents)
        parts = [f"{digits}:{look}" for digits, look in zip(self.contents, looks, strict=True)]
        mean = base64.b64encode(self.mean.astype("<f4").tobytes()).decode()
        limits = self.limits.tolist()
        told = {"limit": min(limits, default=0), "limits": limits, "mean": mean, "parts": parts}
        return (json.dumps(told, indent=0) + "\n").encode()

    def known(self, facts: Sequence[Facts]) -> list[Facts]:
        """Those that are one of these parts: the same file, or nearly the same picture or sound."""
        contents = set(self.contents)
        seen = [one for one in facts if one.thumbnail is not None]
        starts = range(0, len(seen), BLOCK)
        alike = {id(one) for start in starts for one in self._alike(seen[start : start + BLOCK])}
        return [one for one in facts if one.digest[:DIGITS] in contents or id(one) in alike]

    def _alike(self, facts: Sequence[Facts]) -> list[Facts]:
        if not len(self.looks):
            return []
        within = np.any(_differing(self._looks_of(facts), self.looks) <= self.limits, axis=1)
        return [facts[place] for place in np.flatnonzero(within).tolist()]

    def _looks_of(self, facts: Sequence[Facts]) -> npt.NDArray[np.bool_]:
        return _looks(_coefficients(facts) - self.mean)


def _coefficients(facts: Sequence[Facts]) -> Floats:
    """N×255: the lowest frequencies of each thumbnail in grey, without its brightness."""
    grey = [evened([one.thumbnail])[0].mean(axis=2) for one in facts if one.thumbnail is not None]
    return np.stack([cv2.dct(one)[:SIDE, :SIDE].ravel()[1:] for one in grey]).astype(np.float32)


def _looks(coefficients: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(coefficients > np.median(coefficients, axis=1, keepdims=True), np.bool_)


def _differing(some: npt.NDArray[np.bool_], others: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """How many signs differ between each of N looks and each of M: N×M."""
    one, other = (np.where(looks, 1, -1).astype(np.float32) for looks in (some, others))
    return np.asarray((SIGNS - one @ other.T) // 2, np.intp)


def _nearest(looks: npt.NDArray[np.bool_], families: Sequence[str]) -> npt.NDArray[np.intp]:
    """In how many signs each part differs from the nearest that is no relative; all of them where there is none."""
    name = np.asarray(families)
    blocks = (slice(start, start + BLOCK) for start in range(0, len(looks), BLOCK))
    nearest = [np.where(name[some, None] != name, _differing(looks[some], looks), SIGNS).min(axis=1) for some in blocks]
    return np.asarray(np.concatenate(nearest), np.intp)
