"""The thread that keeps one source open for as long as the daemon runs, and hands its readings over.

A source may block inside a driver for ever. Then its thread is abandoned, loudly and counted, and a fresh one opens
the source anew; the pipeline never waits for either longer than it wants to.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge_runtime.capture.handover import Handover
from edge_runtime.capture.owed_files import OwedFiles
from edge_runtime.capture.source import Attends, SourceEnded, SourceLost, SourceQuiet
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.capture.source import Reading, Source
    from edge_runtime.clock import Clock

_POLL_S = 0.25
_NS_PER_S = 1_000_000_000
_ABANDONED_MAX = 8
"""Threads that a driver may swallow before the daemon should rather be restarted."""

_GLANCE_NS = _NS_PER_S // 2
"""While nobody wants a camera's pictures, one is converted so often, to see whether the camera has frozen."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReaderCounts:
    """What happened to the source since the start, and what it cost.

    opened, lost: how often it was opened, and how often it failed or could not be opened.
    abandoned: threads that were left behind in a driver.
    frames: steps of the source, each a frame or window that it had.
    converted: those that were turned into pixels or samples: that somebody wanted and, while nobody does, two a second
        of a camera whose freezing is looked for.
    absent_s: seconds without a source that gave anything; of an absence that lasts, up to the last attempt to open it.
    """

    opened: int = 0
    lost: int = 0
    abandoned: int = 0
    frames: int = 0
    converted: int = 0
    absent_s: float = 0.0


@dataclass(slots=True)
class _Session:
    """One thread's life; an abandoned one finds its stop event set when it wakes up.

    alive_at_ns, converted_at_ns: of its last step, and of the last picture that it turned into pixels.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    alive_at_ns: int = 0
    converted_at_ns: int = 0


class Reader:
    """Reads one source in a named thread.

    Args:
        name: the inspection point.
        build: makes a source, not yet open, whose waits end with the event that it is given.
        live: only the newest reading counts.
        clock: monotonic.
        backoff: the waits between attempts to open.
        stuck_after_s: a thread that made no step for so long is abandoned.
        keeps_first: of a live source, the first reading after the wish counts and not the newest.

    Attributes:
        glances: keep an eye on pictures that nobody wants, so that a camera that froze in a pause is noticed; for
            whoever examines what is read here to say.
        owed: files that parts were told without; they outlive the points that read here.
    """

    def __init__(
        self,
        name: str,
        build: Callable[[threading.Event], Source],
        *,
        live: bool,
        clock: Clock,
        backoff: Backoff,
        stuck_after_s: float,
        keeps_first: bool = False,
    ) -> None:
        self.counts = ReaderCounts()
        self.live = live
        self.glances = False
        self.owed = OwedFiles()
        self._absent_since_ns: int | None = clock.now_ns()
        self.lost: str | None = "the source is not open yet"
        self._name = name
        self._build = build
        self._clock = clock
        self._backoff = backoff
        self._unseen: npt.NDArray[np.uint8] | None = None
        self._stuck_after_ns = int(stuck_after_s * _NS_PER_S)
        self._handover = Handover(live=live, keeps_first=keeps_first)
        self._session = _Session()
        self._thread: threading.Thread | None = None

    @property
    def ended(self) -> bool:
        """The source gave its last reading, and it was taken."""
        return self._handover.ended

    @property
    def without_source_s(self) -> float:
        """How long, in seconds since the start, there was no source that gave anything, up to this moment."""
        since_ns = self._absent_since_ns
        running_ns = self._clock.now_ns() - since_ns if since_ns is not None else 0
        return self.counts.absent_s + running_ns / _NS_PER_S

    @property
    def exhausted(self) -> bool:
        """So many threads hang in a driver that only a restart of the daemon helps."""
        return self.counts.abandoned > _ABANDONED_MAX

    def start(self) -> None:
        """Start the thread."""
        now_ns = self._clock.now_ns()
        session = _Session(alive_at_ns=now_ns, converted_at_ns=now_ns)
        self._session = session
        self._thread = threading.Thread(target=self._run, args=(session,), name=f"read-{self._name}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Tell the thread to end, without waiting."""
        self._session.stop.set()

    def stop(self, timeout_s: float) -> bool:
        """Stop the thread; False, and a line in the log, if it hangs in its driver."""
        self.ask_to_stop()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("%s: the source's thread did not stop within %g s; left behind", self._name, timeout_s)
            return False
        return True

    def want(self) -> None:
        """Ask for a reading that is captured from now on."""
        self._handover.want()

    def take(self, timeout_s: float) -> Reading | None:
        """Take the next reading, or None after `timeout_s` or at the end.

        A reading of a folder or film is stamped now: waiting for the judge does not make it old.
        """
        reading = self._handover.take(timeout_s)
        if reading is None and not self.ended:
            self._replace_a_stuck_thread()
        if reading is not None and not self.live:
            return reading.taken_at(self._clock.now_ns())
        if isinstance(reading, Frame) and self._unseen is not None:
            reading, self._unseen = replace(reading, unseen=self._unseen), None
        return reading

    def _replace_a_stuck_thread(self) -> None:
        still_ns = self._clock.now_ns() - self._session.alive_at_ns
        if still_ns <= self._stuck_after_ns or self.exhausted:
            return
        self._session.stop.set()
        self.counts.abandoned += 1
        self._begin_absence()
        self.lost = f"the source's driver has not answered for {still_ns / _NS_PER_S:.0f} s"
        _log.error("%s: %s; opening it anew (%d left behind)", self._name, self.lost, self.counts.abandoned)
        if not self.exhausted:
            self.start()

    def _run(self, session: _Session) -> None:
        source: Source | None = None
        while not session.stop.is_set():
            try:
                source = source or self._build(session.stop)
                self._read_until_lost(source, session)
            except SourceEnded:
                if not session.stop.is_set():  # the last of a source that was given up says nothing of its successor's
                    self._end_absence()
                    self._handover.end()
                return
            except SourceLost as error:
                self._note_loss(str(error), session)
            except Exception as error:  # noqa: BLE001 - a driver's own exceptions; the source is opened again
                _log.exception("%s: the source failed", self._name)
                self._note_loss(f"the source failed ({type(error).__name__}: {error})", session)
            finally:
                source = self._closed(source)
            if not session.stop.is_set():
                session.alive_at_ns = self._clock.now_ns()
                self._clock.wait(session.stop, self._backoff.next_s())

    def _closed(self, source: Source | None) -> Source | None:
        """The source, to be opened again; none where a camera that was pulled out fails here, too: it is built anew."""
        try:
            if source is not None:
                source.close()
        except Exception:  # noqa: BLE001 - a driver's own exceptions
            _log.exception("%s: the source could not be closed", self._name)
            return None
        return source

    def _read_until_lost(self, source: Source, session: _Session) -> None:
        source.open()
        self.counts.opened += 1
        while not session.stop.is_set():
            session.alive_at_ns = self._clock.now_ns()
            has_stepped = self._step(source)
            if session.stop.is_set():
                return
            self._backoff.reset()
            self._end_absence()
            self.lost = None
            if has_stepped:
                self._hand_over(source, session)

    @staticmethod
    def _step(source: Source) -> bool:
        """Whether the source had something new."""
        try:
            source.advance()
        except SourceQuiet:
            return False
        return True

    def _hand_over(self, source: Source, session: _Session) -> None:
        self.counts.frames += 1
        is_wanted = self._is_wanted(source, session)
        if not is_wanted and not self._is_glance_due(session):
            return
        reading = source.reading()
        self.counts.converted += 1
        session.converted_at_ns = self._clock.now_ns()
        if session.stop.is_set():
            return
        if is_wanted:
            self._handover.put(reading)
        elif isinstance(reading, Frame):
            self._unseen = reading.pixels

    def _is_glance_due(self, session: _Session) -> bool:
        return self.glances and self._clock.now_ns() - session.converted_at_ns >= _GLANCE_NS

    def _is_wanted(self, source: Source, session: _Session) -> bool:
        if self.live:
            return self._handover.wanted
        while not session.stop.is_set():
            session.alive_at_ns = self._clock.now_ns()
            if self._handover.wait_until_wanted(_POLL_S):
                return True
            if isinstance(source, Attends):
                source.attend()
        return False

    def _note_loss(self, reason: str, session: _Session) -> None:
        if session.stop.is_set():
            return
        self.counts.lost += 1
        self._begin_absence()
        if self.lost != reason:
            _log.warning("%s: %s", self._name, reason)
        self.lost = reason

    def _begin_absence(self) -> None:
        self._end_absence()
        self._absent_since_ns = self._clock.now_ns()

    def _end_absence(self) -> None:
        since_ns, self._absent_since_ns = self._absent_since_ns, None
        if since_ns is not None:
            self.counts.absent_s += (self._clock.now_ns() - since_ns) / _NS_PER_S
