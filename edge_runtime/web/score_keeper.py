"""Remembers the last scores of each point over restarts, for the question what another threshold would have done."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Cause
from edge_runtime.own_thread import OwnThread
from edge_runtime.web.low_priority import give_way
from edge_runtime.web.score_file import KEPT, Score, ScoreFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_contracts.verdict import Verdict
    from edge_runtime.clock import Clock
    from edge_runtime.occasion import Inspected

JUDGED: Final = frozenset({Cause.CLEAN, Cause.THRESHOLD, Cause.UNSURE})
"""Verdicts whose score was compared with the threshold."""

_TICK_S = 0.5
_TICKS_PER_WRITE = 20
"""A write of a few bytes costs flash a whole page, so there is one in ten seconds at most."""
_LINE_MAX = 4096
_DIGITS = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the slider must know of a bundle's labels.

    good: those that let a part pass.
    own: those with a threshold of their own.
    """

    good: frozenset[str]
    own: frozenset[str]


@dataclass(slots=True)
class _Book:
    file: ScoreFile
    last: deque[Score] = field(default_factory=lambda: deque(maxlen=KEPT))
    unwritten: list[Score] = field(default_factory=list)


@dataclass(slots=True)
class ScoreCounts:
    """What went wrong with scores since the start: bytes found damaged, scores passed over, failed writes."""

    damaged_bytes: int = 0
    passed_over: int = 0
    failed: int = 0


class ScoreKeeper(OwnThread):
    """A sink with a thread that files the scores; stopped, it writes what is unwritten first.

    Args:
        folder: `scores` of the state folder; made when it is not there.
        labels: of a point's bundle, None for one without labels.
        clock: monotonic.
    """

    def __init__(self, folder: Path, labels: Callable[[str], Labels | None], clock: Clock) -> None:
        super().__init__("scores", "the scores")
        self.counts = ScoreCounts()
        self._folder = folder
        self._labels = labels
        self._clock = clock
        self._line: deque[Verdict] = deque()
        self._books: dict[str, _Book] = {}

    def take(self, inspected: Inspected) -> None:
        """Take a verdict, with the bundle's own score: that is what another threshold would be compared with.

        Returns at once, and counts it as passed over when the disk is 4,096 behind.
        """
        verdict = inspected.verdict
        if verdict.cause not in JUDGED or verdict.score is None or verdict.model is None:
            return
        if len(self._line) >= _LINE_MAX:
            self.counts.passed_over += 1
            return
        self._line.append(replace(verdict, score=inspected.raw_score))

    def scores(self, point: str, digest: str) -> tuple[Score, ...]:
        """The last scores that this bundle gave at this point, oldest first, at most 500."""
        book = self._books.get(point)
        known = book.last.copy() if book is not None else ()
        return tuple(score for score in known if score.model == digest[:_DIGITS])

    def open(self, point: str) -> None:
        """Read what an earlier run kept; a fault is counted and told."""
        book = _Book(ScoreFile(self._folder / point))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            found = book.file.read()
        except OSError as error:
            self._failed(f"{point}: the kept scores cannot be read ({error})")
        else:
            book.last.extend(found.scores)
            if found.damaged_bytes:
                self.counts.damaged_bytes += found.damaged_bytes
                _log.error("%s: %d bytes of the kept scores are damaged and left out", point, found.damaged_bytes)
        self._books[point] = book

    def file(self) -> None:
        """Put what waits in the line into the books."""
        while self._line:
            verdict = self._line.popleft()
            if verdict.point not in self._books:
                self.open(verdict.point)
            score = _score(verdict, self._labels(verdict.point))
            book = self._books[verdict.point]
            book.last.append(score)
            book.unwritten = [*book.unwritten[1 - KEPT :], score]

    def write(self) -> None:
        """Bring what is in the books to the disk; a fault is counted, and tried again with the next."""
        for point, book in self._books.items():
            if not book.unwritten:
                continue
            try:
                book.file.append(book.unwritten, book.last)
            except OSError as error:
                self._failed(f"{point}: the scores cannot be written ({error})")
            else:
                book.unwritten = []

    def _failed(self, sentence: str) -> None:
        if not self.counts.failed:
            _log.warning(sentence)
        self.counts.failed += 1

    def _run(self) -> None:
        give_way()
        ticks = 0
        while not self._clock.wait(self._stop, _TICK_S):
            ticks += 1
            self._step(write=ticks % _TICKS_PER_WRITE == 0)
        self._step(write=True)

    def _step(self, *, write: bool) -> None:
        try:
            self.file()
            if write:
                self.write()
        except Exception:  # noqa: BLE001 - the scores of later parts must be kept all the same
            _log.exception("the scores' thread failed")
            self.counts.failed += 1


def _score(verdict: Verdict, labels: Labels | None) -> Score:
    assert verdict.score is not None  # noqa: S101 - `take` lets no other pass
    assert verdict.model is not None  # noqa: S101 - the same
    model = verdict.model[:_DIGITS]
    if labels is None:
        return Score(verdict.score, model, good_label=True)
    fixed = verdict.outcome if verdict.label in labels.own else None
    return Score(verdict.score, model, verdict.label in labels.good, fixed)
