"""The pictures or sounds in a folder, by name; nothing is opened, so 100,000 files are listed in a second."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from edge_contracts.errors import BadInputError
from edge_runtime.capture import picture_file, wave_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Medium = Literal["picture", "sound"]

PICTURES = picture_file.SUFFIXES
SOUNDS = wave_file.SUFFIXES
READ = PICTURES | SOUNDS
"""File name endings that are read."""

# `.raw` may be either: which one, nobody can tell from the name.
FOREIGN = picture_file.FOREIGN_SUFFIXES | wave_file.FOREIGN_SUFFIXES


def files_in(folder: Path) -> list[Path]:
    """The pictures and sounds directly in `folder`, by name; hidden files are neither, links that lead nowhere are.

    Raises:
        BadInputError: a picture or sound of a kind that is not read, which would be left out.
    """
    with os.scandir(folder) as entries:
        names = sorted(one.name for one in entries if not one.name.startswith(".") and not one.is_dir())
    suffixes = [os.path.splitext(name)[1].lower() for name in names]  # noqa: PTH122 - 100,000 Paths cost a second more
    if foreign := [name for name, suffix in zip(names, suffixes, strict=True) if suffix in FOREIGN]:
        raise BadInputError(
            f"wanted pictures ({', '.join(sorted(PICTURES))}) or sounds ({', '.join(sorted(SOUNDS))}) in {folder}, "
            f"found {len(foreign)} of another kind, such as {foreign[0]}; save pictures as PNG and sounds as WAV"
        )
    return [folder / name for name, suffix in zip(names, suffixes, strict=True) if suffix in READ]


def folders_in(folder: Path) -> list[Path]:
    """The folders directly in `folder`, by name; hidden ones are left out."""
    with os.scandir(folder) as entries:
        return [folder / name for name in sorted(one.name for one in entries if one.is_dir() and one.name[0] != ".")]


def files_below(folder: Path) -> Iterator[str]:
    """Paths of the pictures and sounds anywhere below `folder`, of every kind; hidden ones and theirs are left out."""
    entered = {os.path.realpath(folder)}
    for place, folders, names in os.walk(folder, followlinks=True):
        shown = [one for one in folders if one[0] != "."]
        leads_to = {one: os.path.realpath(os.path.join(place, one)) for one in shown}  # noqa: PTH118 - as in files_in
        folders[:] = [one for one in shown if leads_to[one] not in entered]
        entered.update(leads_to.values())
        for name in names:
            if name[0] != "." and os.path.splitext(name)[1].lower() in READ | FOREIGN:  # noqa: PTH122 - as in files_in
                yield f"{place}{os.sep}{name}"


def medium_of(path: Path) -> Medium:
    """Whether a file is a picture or a sound, by its name.

    Raises:
        BadInputError: neither.
    """
    suffix = path.suffix.lower()
    if suffix in SOUNDS:
        return "sound"
    if suffix in PICTURES:
        return "picture"
    raise BadInputError(
        f"wanted a picture ({', '.join(sorted(PICTURES))}) or a sound ({', '.join(sorted(SOUNDS))}), found {path}; "
        "save pictures as PNG and sounds as WAV"
    )
