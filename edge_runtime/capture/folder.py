"""A folder of pictures, in the order of their names; a picture that cannot be read is handed over as a bad one."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.capture.picture_file import FOREIGN_SUFFIXES, SUFFIXES, PictureRejected, read_picture
from edge_runtime.capture.source import BadReading, Reading, SourceEnded, SourceLost
from edge_runtime.capture.watched_folder import Memory, WatchedFolder
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_contracts.station import FolderSource as FolderSettings
    from edge_runtime.capture.source import Source
    from edge_runtime.clock import Clock

_NAMED = 4
_LOOKED_AT = 20
"""So many entries of a folder show whether it is one of pictures."""

_log = logging.getLogger(__name__)


class FolderSource:
    """Pictures of one folder, not of its sub-folders.

    Args:
        path: the folder.
        repeat: begin again after the last picture; from the second round on a picture is called `name~round`.
        clock: stamps the pictures.
    """

    def __init__(self, path: Path, clock: Clock, *, repeat: bool = False) -> None:
        self._path = path
        self._clock = clock
        self._repeat = repeat
        self._files: list[Path] = []
        self._strangers = 0
        self._given = 0

    def open(self) -> None:
        """List the folder.

        Raises:
            SourceLost: there is no folder or no picture in it.
        """
        self._files, self._strangers = _pictures(self._path)
        self._given = 0

    def advance(self) -> None:
        """Step to the next file.

        Raises:
            SourceEnded: the last one was given and `repeat` is off.
        """
        if self._given >= len(self._files) and not self._repeat:
            raise SourceEnded(f"{self._path} has given its last picture")
        if self._given == 0 and self._strangers:
            others = (
                "1 other entry is no picture" if self._strangers == 1 else f"{self._strangers} other entries are none"
            )
            _log.info("%s: %d pictures; %s, and left alone", self._path, len(self._files), others)
        self._given += 1

    def reading(self) -> Reading:
        """Read the file."""
        turn, index = divmod(self._given - 1, len(self._files))
        file = self._files[index]
        name = file.name if turn == 0 else f"{file.name}~{turn + 1}"
        try:
            pixels = read_picture(file)
        except PictureRejected as error:
            return BadReading(name, self._given, self._clock.now_ns(), str(error))
        return Frame(pixels, self._clock.now_ns(), self._given, name)

    def close(self) -> None:
        """Forget the list."""
        self._files = []


def builder(settings: FolderSettings, clock: Clock) -> Callable[[threading.Event], Source]:
    """What makes the sources that the configuration asks for; those of a watched folder share their memory."""
    path = Path(settings.path)
    if not settings.watch:
        return lambda _: FolderSource(path, clock, repeat=settings.repeat)
    memory, delete = Memory(), settings.after == "delete"
    return lambda stop: WatchedFolder(path, memory, clock, stop, delete=delete, settle_s=settings.settle_s)


def _pictures(folder: Path) -> tuple[list[Path], int]:
    """The pictures, and how many entries are none."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise SourceLost(
            f"wanted a folder of pictures at {folder}, found none ({error.strerror}); check the path of the source"
        ) from error
    pictures = [entry for entry in entries if entry.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES]
    if not pictures:
        kinds = ", ".join(sorted(SUFFIXES))
        raise SourceLost(f"wanted pictures ({kinds}) in {folder}, found {_found_instead(entries)}")
    return pictures, len(entries) - len(pictures)


def _found_instead(entries: list[Path]) -> str:
    """Folders in the folder may well be classes: the source reads one of them."""
    folders = [entry.name for entry in islice(filter(_holds_pictures, entries), _NAMED + 1)]
    if not folders:
        return "none; check the path of the source"
    names = ", ".join([*folders[:_NAMED], *(["…"] if len(folders) > _NAMED else [])])
    return f"none; name one of its folders ({names}) as the path of the source"


def _holds_pictures(entry: Path) -> bool:
    """Whether it is a folder of pictures, and none that a system keeps for itself (`.git`, `@eaDir`)."""
    if entry.name.startswith((".", "@")):
        return False
    try:
        return any(each.suffix.lower() in SUFFIXES and each.is_file() for each in islice(entry.iterdir(), _LOOKED_AT))
    except OSError:
        return False
