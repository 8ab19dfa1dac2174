"""A folder that another program puts pictures into: each one that appears is a part, in the order of arrival.

The folder is listed again and again, because a network folder tells nobody of what another machine writes. A picture
counts as complete when its size and time have stood still for a while, so one that is renamed into place waits that
long, too. One that came later waits for one that came before and is not complete, or parts would change places.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

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
_WRITING_PATIENCE: Final = 100
"""One that is still being written so many times later is given up: the pictures after it cannot wait for ever."""

_TAIL_BYTES: Final = 1 << 16
_HEAD_BYTES: Final = 8
_GONE_MAX: Final = 65_536
"""So many names that are in the folder no more are remembered: a network folder may be empty for a moment."""

_log = logging.getLogger(__name__)


class Stamp(NamedTuple):
    """What tells a file from one that was written in its place.

    size: bytes.
    written_at_ns: time of the last change of its content.
    inode: its number on the disk. FAT, exFAT and some network folders number a file anew whenever they look it up.
    changed_at_ns: time of the last change of anything about it, its name included.
    """

    size: int
    written_at_ns: int
    inode: int
    changed_at_ns: int

    def is_same_content(self, later: Stamp) -> bool:
        """Whether size and time say that it is the same file, whatever its number."""
        return self[:2] == later[:2]

    def is_same_file(self, later: Stamp) -> bool:
        """Whether it is the same file: one that took its place has another number and was put there later."""
        is_there_still = self.inode == later.inode or later.changed_at_ns <= self.changed_at_ns
        return is_there_still and self.is_same_content(later)


class _Growing(NamedTuple):
    """A picture that is not known to be complete; monotonic nanoseconds.

    still_since_ns: it has this stamp at least since then.
    watched_since_ns: it was first seen then, since the folder was opened.
    """

    stamp: Stamp
    still_since_ns: int
    watched_since_ns: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture that waits to be read.

    name: of the file.
    title: of the part, another one for each picture under one name.
    stamp: of the file when it was found complete.
    arrival: when it came.
    given_up: it is not complete and was waited for too long.
    """

    name: str
    title: str
    stamp: Stamp
    arrival: Arrival
    given_up: bool


@dataclass(slots=True)
class Memory:
    """What was found in this run; outlives the sources that read the folder.

    known: by name: the stamp of the last picture under that name that was found complete, and how many there were.
    waiting: those of them that were not read yet, in the order in which they came.
    began: the folder was listed once.
    looked_at_ns: when it was listed last, monotonic.
    arrivals: by name, of pictures that were not found complete yet.
    """

    known: dict[str, tuple[Stamp, int]] = field(default_factory=dict)
    waiting: deque[_Found] = field(default_factory=deque)
    began: bool = False
    looked_at_ns: int = 0
    arrivals: dict[str, Arrival] = field(default_factory=dict)

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether this very picture was found complete, or lay there before."""
        return name in self.known and self.known[name][0].is_same_file(stamp)

    def renumber(self, found: dict[str, Stamp]) -> None:
        """What was away and is back, perhaps as a copy: the same size and time is the same file."""
        for name, stamp in found.items():
            if name in self.known and self.known[name][0].is_same_content(stamp):
                self.known[name] = (stamp, self.known[name][1])

    def enqueue(self, name: str, stamp: Stamp, *, given_up: bool) -> None:
        """A picture may be read when those before it were."""
        times = self.note(name, stamp)
        title = name if times == 1 else f"{name}~{times}"
        self.waiting.append(_Found(name, title, stamp, self.arrivals.pop(name), given_up))

    def note(self, name: str, stamp: Stamp) -> int:
        """Remember a picture; how many there were under that name."""
        times = self.known.pop(name, (stamp, 0))[1] + 1
        self.known[name] = (stamp, times)
        return times

    def date(self, unseen: Iterable[str], looked_at_ns: int, now_ns: int) -> None:
        """Remember when each of these came; the look that found them began at `looked_at_ns`."""
        new = Arrival(self.looked_at_ns, now_ns)
        self.arrivals = {name: self.arrivals.get(name, new) for name in unseen}
        self.looked_at_ns = looked_at_ns

    def forget_gone(self, present: set[str]) -> None:
        """Keep what is there and the newest of what is not."""
        if len(self.known) > len(present) + _GONE_MAX:
            gone = [name for name in self.known if name not in present]
            for name in gone[: len(gone) - _GONE_MAX]:
                del self.known[name]


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
        self._growing: dict[str, _Growing] = {}
        self._is_first_look = True
        self._number = 0
        self._done: tuple[Path, Stamp] | None = None

    def open(self) -> None:
        """Begin to watch.

        Raises:
            SourceLost: there is no folder.
        """
        self._growing, self._number, self._done = {}, 0, None
        self._is_first_look = True
        self._listed()

    def advance(self) -> None:
        """Step to the next picture that is complete.

        Raises:
            SourceQuiet: none came for a moment.
            SourceLost: the folder is gone.
        """
        waiting = self._memory.waiting
        if not waiting or self._clock.now_ns() - self._memory.looked_at_ns >= _POLL_S * _NS_PER_S:
            self._look()
        if not waiting and not self._clock.wait(self._stop, _POLL_S):
            self._look()
        if not waiting:
            raise SourceQuiet(f"{self._path} has no new picture")

    def attend(self) -> None:
        """Look for further pictures, so that each is known to have come when it did."""
        self._look()

    def reading(self) -> Reading:
        """Read the file; the one before was judged, so it may go. One that is no more what was listed is a bad one."""
        found, self._number = self._memory.waiting.popleft(), self._number + 1
        self._remove_done()
        file = self._path / found.name
        try:
            pixels = decode_picture(_content(file, found), found.name)
        except PictureRejected as error:
            return BadReading(found.title, self._number, self._clock.now_ns(), str(error), arrival=found.arrival)
        if self._delete:
            self._done = file, found.stamp
        return Frame(pixels, self._clock.now_ns(), self._number, found.title, arrival=found.arrival)

    def close(self) -> None:
        """Stop watching; the last picture stays, because nobody said that it was judged."""
        self._growing, self._done = {}, None

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
            last = before.get(name, _Growing(stamp, now_ns, now_ns))
            still_since_ns = last.still_since_ns if last.stamp.is_same_file(stamp) else now_ns
            self._growing[name] = _Growing(stamp, still_since_ns, last.watched_since_ns)
        self._memory.date(unseen, looked_at_ns, now_ns)
        self._enqueue_complete(now_ns)
        self._memory.forget_gone(set(found))

    def _enqueue_complete(self, now_ns: int) -> None:
        """The oldest that are complete; whatever came after one that is not waits with it."""
        for name in sorted(self._growing, key=self._came):
            is_complete = self._is_complete(name, now_ns)
            watched_ns = now_ns - self._growing[name].watched_since_ns
            if not is_complete and watched_ns < self._settle_ns * _WRITING_PATIENCE:
                return
            self._memory.enqueue(name, self._growing.pop(name).stamp, given_up=not is_complete)

    def _came(self, name: str) -> tuple[int, int, str]:
        """Sorts by arrival; of those that one look found, the one that was written first came first."""
        return self._memory.arrivals[name].seen_at_ns, self._growing[name].stamp.written_at_ns, name

    def _begin(self, found: dict[str, Stamp]) -> None:
        self._memory.began = True
        if self._delete:
            return
        for name, stamp in found.items():
            self._memory.note(name, stamp)
        _log.info("%s: %d pictures lie there already and are no parts of this run", self._path, len(found))

    def _is_complete(self, name: str, now_ns: int) -> bool:
        listed, since_ns, watched_since_ns = self._growing[name]
        still_ns = now_ns - since_ns
        if still_ns < self._settle_ns:
            return False
        found, has_end = _looked_into(self._path / name)
        if found is not None and not listed.is_same_file(found):
            self._growing[name] = _Growing(found, now_ns, watched_since_ns)
            return False
        return has_end or still_ns >= self._settle_ns * _CUT_OFF_PATIENCE

    def _remove_done(self) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        file, judged = done
        try:
            if judged.is_same_file(_stamp(file.stat())):
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
    return Stamp(state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)


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


def _content(path: Path, found: _Found) -> bytes:
    """The bytes of a file that was not written over since it was found, nor while it is read.

    Raises:
        PictureRejected: it was, or it never was complete, or it cannot be read.
    """
    if found.given_up:
        raise PictureRejected(
            f"wanted {path.name} complete within {_WRITING_PATIENCE} times settle_s, found it still being written; "
            "check its writer, or keep files that are no parts in another folder"
        )
    try:
        with path.open("rb") as file:
            before = _stamp(os.fstat(file.fileno()))
            content = read_content(file, path.name)
            after = _stamp(os.fstat(file.fileno()))
    except OSError as error:
        raise unreadable(path.name, error) from error
    if not (found.stamp.is_same_file(before) and before.is_same_file(after)):
        raise PictureRejected(
            f"wanted {path.name} as it was listed, found it written over before it was read: a part's picture is lost; "
            "give each picture a name of its own, or rename it into place"
        )
    return content
