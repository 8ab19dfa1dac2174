"""Files among calibration data that nobody reads: said by name, never passed over in silence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import FOREIGN_SUFFIXES as FOREIGN_PICTURES

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

FOREIGN_SOUNDS = frozenset({".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".flac", ".aif", ".aiff", ".wma"})
NAMED_AT_ONCE = 5


def refuse_foreign(folder: Path, kinds: AbstractSet[str]) -> None:
    """Refuse a folder of files that are no calibration data, and pictures or sounds of a kind that is not read.

    Args:
        folder: where the data lie.
        kinds: what was found there that can be read: `pictures`, `sounds`, `arrays`.

    Raises:
        BadInputError: nothing there can be read, or something of the same nature as the rest would be left out.
    """
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    suffixes = Counter(path.suffix.lower() or "without a suffix" for path in files)
    pictures, sounds = ({one for one in suffixes if one in kind} for kind in (FOREIGN_PICTURES, FOREIGN_SOUNDS))
    if kinds:
        left_out = {
            *(pictures if "pictures" in kinds else ()),
            *(sounds if "sounds" in kinds else ()),
        }
        suffixes = Counter({one: count for one, count in suffixes.items() if one in left_out})
        if not suffixes:
            return
    most = sorted(suffixes.items(), key=lambda one: (-one[1], one[0]))[:NAMED_AT_ONCE]
    found = ", ".join(f"{count} {suffix}" for suffix, count in most) or "no file"
    raise BadInputError(
        f"wanted pictures, .wav sounds or .npy/.bin arrays in {folder}, found {found}; {_todo(pictures, sounds)}"
    )


def _todo(pictures: AbstractSet[str], sounds: AbstractSet[str]) -> str:
    if pictures:
        return "save the pictures as PNG"
    return "save the sounds as 16-bit PCM .wav" if sounds else "put inputs that look like the line's there"
