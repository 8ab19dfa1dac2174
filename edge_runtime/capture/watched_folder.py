"""A folder that another program puts pictures into: each one that appears is a part, in the order of arrival.

The folder is listed again and again, because a network folder tells nobody of what another machine writes. A picture
counts as complete when its size and time have stood still for a while, so one that is renamed into place waits that
long, too.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_runtime.capture.picture_file import (
    FOREIGN_SUFFIXES,
    SUFFIXES,
    PictureRejected,
    decode_picture,
    read_content,
    unreadable,
)
from edge_runtime.capture.picture_header import is_cut_off
from edge_runtime.capture.source import BadReading, Reading, SourceLost, SourceQuiet
from edge_runtime.frames import Arrival, Frame

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable
    from pathlib import Path

    from edge_runtime.clock import Clock

_POLL_S: Final = 0.2
_NS_PER_S: Final = 1_000_000_000
_CUT_OFF_PATIENCE: Final = 10
"""A picture without its end is waited for this many times longer: its writer may only be slow."""

_TAIL_BYTES: Final = 1 << 16
_HEAD_BYTES: Final = 8
_GONE_MAX: Final = 65_536
"""So many names that are in the folder no more are remembered: a network folder may be empty for a moment."""

_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]
"""Size in bytes, time of the last change in nanoseconds, and inode: what tells a file from one written in its place."""


@dataclass(slots=True)
class Memory:
    """What was handed over in this run; outlives the sources that read the folder.

    given: by name: the stamp of the last picture under that name, and how many there were.
    began: the folder was listed once.
    looked_at_ns: when it was listed last, monotonic.
    arrivals: by name, of pictures that were not handed over yet.
    """

    given: dict[str, tuple[Stamp, int]] = field(default_factory=dict)
    began: bool = False
    looked_at_ns: int = 0
    arrivals: dict[str, Arrival] = field(default_factory=dict)

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether this very picture was handed over, or lay there before."""
        return name in self.given and self.given[name][0] == stamp

    def renumber(self, found: dict[str, Stamp]) -> None:
        """Some filesystems number their files anew when they are mounted: the same size and time is the same file."""
        for name, stamp in found.items():
            if name in self.given and self.given[name][0][:2] == stamp[:2]:
                self.given[name] = (stamp, self.given[name][1])

    def note(self, name: str, stamp: Stamp) -> int:
        """Remember a picture; how many there were under that name."""
        times = self.given.pop(name, (stamp, 0))[1] + 1
        self.given[name] = (stamp, times)
        return times

    def date(self, unseen: Iterable[str], looked_at_ns: int, now_ns: int) -> None:
        """Remember when each of these came; the look that found them began at `looked_at_ns`."""
        new = Arrival(self.looked_at_ns, now_ns)
        self.arrivals = {name: self.arrivals.get(name, new) for name in unseen}
        self.looked_at_ns = looked_at_ns

    def forget_gone(self, present: set[str]) -> None:
        """Keep what is there and the newest of what is not."""
        if len(self.given) > len(present) + _GONE_MAX:
            gone = [name for name in self.given if name not in present]
            for name in gone[: len(gone) - _GONE_MAX]:
                del self.given[name]


class WatchedFolder:
    """Pictures that appear in one folder, not in its sub-folders.

    Args:
        path: the folder.
        memory: what was handed over before.
        delete: remove a picture when the next one is called for; then what lies there at the start is given, too.
        settle_s: how long a file must stand still.
        clock: monotonic; stamps the pictures.
        stop: ends the wait for the next one.
    """

    def __init__(
        self, path: Path, memory: Memory, clock: Clock, stop: threading.Event, *, delete: bool, settle_s: float
    ) -> None:
        self._path = path
        self._memory = memory
        self._clock = clock
        self._stop = stop
        self._delete = delete
        self._settle_ns = int(settle_s * _NS_PER_S)
        self._growing: dict[str, tuple[Stamp, int]] = {}
        self._ready: list[str] = []
        self._is_first_look = True
        self._name = ""
        self._stamp: Stamp = (0, 0, 0)
        self._is_pending = False
        self._number = 0
        self._done: tuple[Path, Stamp] | None = None

    def open(self) -> None:
        """Begin to watch.

        Raises:
            SourceLost: there is no folder.
        """
        self._growing, self._ready, self._number, self._done, self._is_pending = {}, [], 0, None, False
        self._is_first_look = True
        self._listed()

    def advance(self) -> None:
        """Step to the next picture that is complete.

        Raises:
            SourceQuiet: none came for a moment.
            SourceLost: the folder is gone.
        """
        if not self._ready:
            self._look()
        if not self._ready and not self._clock.wait(self._stop, _POLL_S):
            self._look()
        if not self._ready:
            raise SourceQuiet(f"{self._path} has no new picture")
        self._name, self._is_pending = self._ready.pop(0), True
        self._stamp = self._growing[self._name][0]
        self._number += 1

    def attend(self) -> None:
        """Look for further pictures, so that each is known to have come when it did."""
        self._look()

    def reading(self) -> Reading:
        """Read the file; the one before was judged, so it may go. One that is no more what was listed is a bad one."""
        self._remove_done()
        self._is_pending = False
        arrival = self._memory.arrivals.pop(self._name, None)
        file = self._path / self._name
        times = self._memory.note(file.name, self._stamp)
        name = file.name if times == 1 else f"{file.name}~{times}"
        try:
            pixels = decode_picture(_content(file, self._stamp), file.name)
        except PictureRejected as error:
            return BadReading(name, self._number, self._clock.now_ns(), str(error), arrival=arrival)
        if self._delete:
            self._done = file, self._stamp
        return Frame(pixels, self._clock.now_ns(), self._number, name, arrival=arrival)

    def close(self) -> None:
        """Stop watching; the last picture stays, because nobody said that it was judged."""
        self._growing, self._ready, self._done = {}, [], None

    def _look(self) -> None:
        looked_at_ns, found = self._clock.now_ns(), self._listed()
        if not self._memory.began:
            self._begin(found)
        if self._is_first_look:
            self._memory.renumber(found)
            self._is_first_look = False
        now_ns = self._clock.now_ns()
        unseen = {name: stamp for name, stamp in found.items() if not self._memory.knows(name, stamp)}
        before, self._growing = self._growing, {}
        for name, stamp in unseen.items():
            last, since_ns = before.get(name, (stamp, now_ns))
            self._growing[name] = (stamp, since_ns if last == stamp else now_ns)
        self._memory.date(unseen, looked_at_ns, now_ns)
        pending = self._name if self._is_pending else None
        complete = [name for name in unseen if name != pending and self._is_complete(name, now_ns)]
        self._ready = sorted(complete, key=lambda name: (unseen[name][1], name))
        self._memory.forget_gone(set(found))

    def _begin(self, found: dict[str, Stamp]) -> None:
        self._memory.began = True
        if self._delete:
            return
        for name, stamp in found.items():
            self._memory.note(name, stamp)
        _log.info("%s: %d pictures lie there already and are no parts of this run", self._path, len(found))

    def _is_complete(self, name: str, now_ns: int) -> bool:
        listed, since_ns = self._growing[name]
        still_ns = now_ns - since_ns
        if still_ns < self._settle_ns:
            return False
        found, has_end = _looked_into(self._path / name)
        if found is not None and found != listed:
            self._growing[name] = (found, now_ns)
            return False
        return has_end or still_ns >= self._settle_ns * _CUT_OFF_PATIENCE

    def _remove_done(self) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        file, judged = done
        try:
            if _stamp(file.stat()) == judged:
                file.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("%s cannot be removed (%s); it is not judged again in this run", file, error.strerror)

    def _listed(self) -> dict[str, Stamp]:
        wanted = SUFFIXES | FOREIGN_SUFFIXES
        found: dict[str, Stamp] = {}
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - thousands of names per second
                    if suffix in wanted and not entry.name.startswith(".") and (stamp := _listed_stamp(entry)):
                        found[entry.name] = stamp
        except OSError as error:
            raise SourceLost(
                f"wanted a folder to watch at {self._path}, found none ({error.strerror}); "
                "check the path and that its disk is there"
            ) from error
        return found


def _stamp(state: os.stat_result) -> Stamp:
    return state.st_size, state.st_mtime_ns, state.st_ino


def _listed_stamp(entry: os.DirEntry[str]) -> Stamp | None:
    """None when it has gone meanwhile."""
    try:
        return _stamp(entry.stat())
    except OSError:
        return None


def _looked_into(path: Path) -> tuple[Stamp | None, bool]:
    """A file's stamp, and whether it is not empty and, being a PNG or JPEG, ends as one.

    (None, True) for one that cannot be read: what is wrong with it is found when it is.
    """
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            head = file.read(_HEAD_BYTES)
            file.seek(max(state.st_size - _TAIL_BYTES, len(head)))
            return _stamp(state), bool(head) and not is_cut_off(head + file.read(_TAIL_BYTES))
    except OSError:
        return None, True


def _content(path: Path, listed: Stamp) -> bytes:
    """The bytes of a file that was not written over since it was listed, nor while it is read.

    Raises:
        PictureRejected: it was, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            before = _stamp(os.fstat(file.fileno()))
            content = read_content(file, path.name)
            after = _stamp(os.fstat(file.fileno()))
    except OSError as error:
        raise unreadable(path.name, error) from error
    if not before == after == listed:
        raise PictureRejected(
            f"wanted {path.name} as it was listed, found it written over before it was read: a part's picture is lost; "
            "give each picture a name of its own, or rename it into place"
        )
    return content
