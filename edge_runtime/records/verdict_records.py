"""The thread that writes each verdict, good ones too, into the day's file.

Verdicts wait in memory and go to the disk in batches, which spares flash: one write per `sync_s`. A disk that takes
nothing disturbs no inspection: the lines wait, and when the wait is full the further ones are counted, the number
standing in the next line that is written.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict_row import HEADER, VerdictRow, csv_lines
from edge_runtime.outbox.delivery_clock import this_boot
from edge_runtime.records.day_files import DayFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_contracts.message import ClockTrust
    from edge_contracts.station import Records
    from edge_contracts.verdict import Verdict
    from edge_runtime.clock import Clock
    from edge_runtime.occasion import Inspected

LINES_MAX: Final = 20_000
"""Verdicts that may wait in memory, about 1 kB each."""
STEP_NS: Final = 2_000_000_000
"""A wall clock that moved by more against the monotonic one between two verdicts has jumped."""

_NS_PER_S: Final = 1_000_000_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class RecordCounts:
    """What happened to verdicts since the start.

    written: lines on the disk. bytes: of them. lost: verdicts without a line. failures: writes that the disk refused.
    """

    written: int = 0
    bytes: int = 0
    lost: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A verdict that waits for its line.

    frame: number of its picture, None without one.
    wall_ns: the wall clock when it was taken, since 1970-01-01 UTC.
    lost: verdicts before it that have no line.
    """

    verdict: Verdict
    frame: int | None
    wall_ns: int
    lost: int


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What records leave to those that follow them in the same daemon.

    taken: verdicts that still wait, oldest first.
    lost: verdicts behind them that have no line.
    lead_ns: by how much the wall clock led the monotonic one at the last line, None before the first.
    well: whether the disk took the last write.
    """

    taken: tuple[Taken, ...] = ()
    lost: int = 0
    lead_ns: int | None = None
    well: bool = True

    def given_up(self) -> Unwritten:
        """Nobody writes the verdicts that wait: the next line tells them as lost."""
        return replace(self, taken=(), lost=self.lost + sum(1 + one.lost for one in self.taken))


class VerdictRecords:
    """Keeps the verdicts of all points; a sink.

    Args:
        folder: where the files are.
        settings: the `[records]` table of the station.
        clock: monotonic.
        trust: how far the wall clock is trusted now.
        wall_ns: the wall clock, nanoseconds since 1970-01-01 UTC.
        boot: the kernel's id of this boot.
        on_trouble: told a sentence when the disk refuses, and None when it takes lines again.
        counts: of the records before them in the same daemon, which go on.
        earlier: what those left; its verdicts get their lines here.

    Raises:
        BadInputError: the folder cannot be made there.
        MediumRefused: the disk is full, read-only or broken just now.
    """

    def __init__(
        self,
        folder: Path,
        settings: Records,
        clock: Clock,
        trust: Callable[[], ClockTrust],
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        boot: str | None = None,
        on_trouble: Callable[[str | None], object] = lambda _sentence: None,
        counts: RecordCounts | None = None,
        earlier: Unwritten = Unwritten(),
    ) -> None:
        self.counts = counts or RecordCounts()
        self.files = DayFiles(folder, HEADER, settings.max_bytes, settings.keep_days)
        self._sync_s = settings.sync_s
        self._clock, self._trust, self._wall_ns = clock, trust, wall_ns
        self._boot = (this_boot() or "") if boot is None else boot
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._line = deque(earlier.taken)
        self.counts.lost -= len(earlier.taken)
        self._lost, self._lead_ns, self._well = earlier.lost, earlier.lead_ns, earlier.well
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, then stop; False, and a line in the log, when the disk does not take it in time."""
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive() or self._line:
            self.counts.lost += len(self._line)
            _log.error("the verdict records end with %d lines unwritten", len(self._line))
            return False
        return True

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def unwritten(self) -> Unwritten:
        """After `stop`: what whoever follows is to write, or to tell as lost.

        What a thread that hangs on a dead disk holds, nobody else writes: it may still do so.
        """
        with self._lock:
            left = Unwritten(tuple(self._line), self._lost, self._lead_ns, self._well)
        return left.given_up() if self.running else left

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once, and counts it as lost when 20,000 wait already."""
        frame = inspected.frame.number if inspected.frame else None
        wall_ns = self._wall_ns()
        with self._lock:
            if len(self._line) >= LINES_MAX:
                self._lost += 1
                self.counts.lost += 1
                return
            self._line.append(Taken(inspected.verdict, frame, wall_ns, self._lost))
            self._lost = 0

    def flush(self) -> None:
        """Write what waits; for the thread, and for tests without it."""
        with self._lock:
            waiting = tuple(self._line)
        try:
            for day, taken in groupby(waiting, key=_day):
                self._write(day, tuple(taken))
        except OSError as error:
            self._note_refusal(error)
        else:
            self._note_health()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._stopping, self._sync_s)
            self._turn()
        if self._line:
            self._turn()

    def _turn(self) -> None:
        try:
            self.flush()
        except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault, and a line that cannot be told
            with self._lock:
                self.counts.lost += len(self._line)
                self._lost += sum(1 + taken.lost for taken in self._line)
                self._line.clear()
            _log.exception("verdicts could not be written down; they are counted as lost")

    def _write(self, day: str, taken: tuple[Taken, ...]) -> None:
        lead_ns, trust = self._lead_ns, self._trust()
        rows = []
        for one in taken:
            rows.append(self._row(one, trust, lead_ns))
            lead_ns = one.wall_ns - one.verdict.decided_at_ns
        body = csv_lines(rows).encode()
        self.files.append(day, body)
        self._lead_ns = lead_ns
        with self._lock:
            for _ in taken:
                self._line.popleft()
        self.counts.written += len(taken)
        self.counts.bytes += len(body)

    def _row(self, taken: Taken, trust: ClockTrust, lead_ns: int | None) -> VerdictRow:
        verdict = taken.verdict
        step_ns = 0 if lead_ns is None else taken.wall_ns - verdict.decided_at_ns - lead_ns
        return VerdictRow(
            time=_moment(taken.wall_ns),
            clk=trust,
            step_s=step_ns / _NS_PER_S if abs(step_ns) > STEP_NS else None,
            boot=self._boot,
            mono_s=verdict.decided_at_ns / _NS_PER_S,
            lost=taken.lost,
            point=verdict.point,
            part=verdict.part,
            outcome=verdict.outcome,
            cause=verdict.cause,
            reason=verdict.reason,
            label=verdict.label,
            score=verdict.score,
            threshold=verdict.threshold,
            latency_ms=verdict.latency_ms,
            frame=taken.frame,
            model=verdict.model,
        )

    def _note_refusal(self, error: OSError) -> None:
        self.counts.failures += 1
        if self._well:
            _log.error("the disk takes no verdict records (%s); they wait in memory, then they are counted", error)
            self._on_trouble(f"the disk takes no verdict records: {error}")
        self._well = False

    def _note_health(self) -> None:
        if not self._well:
            _log.warning("the disk takes verdict records again; %d verdicts have no line", self.counts.lost)
            self._on_trouble(None)
        self._well = True


def _day(taken: Taken) -> str:
    return _moment(taken.wall_ns).date().isoformat()


def _moment(wall_ns: int) -> datetime:
    """UTC, never before 1970 nor behind the last year that a date can have."""
    latest_s = 253_402_300_799
    return datetime.fromtimestamp(min(max(wall_ns / _NS_PER_S, 0.0), latest_s), timezone.utc)
