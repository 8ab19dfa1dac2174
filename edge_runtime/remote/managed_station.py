"""The configuration that a station runs: its own file, or under it the last good one of its manager.

A new one is tried only when the manager signed it, when it is newer than all before it, and when it is on the disk as
one that is tried. It becomes the good one when it proves itself, and until then every end of it leads back: a plan that
refuses, a part that is not judged any more, a daemon that ends. The board's own file stays as a person wrote it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.configuration import Phase, Reported, short_errors
from edge_contracts.errors import LeptonError
from edge_runtime.config import ConfigRejected
from edge_runtime.remote.proving import JudgedTimes, Proving, begin
from edge_runtime.remote.record import Record, RecordDamaged, load_record, save_record
from edge_runtime.remote.station_file import StationFile
from edge_runtime.remote.verification import DesiredRefused, Verifier, read
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_contracts.configuration import Desired
    from edge_contracts.station import StationConfig
    from edge_runtime.clock import Clock
    from edge_runtime.remote.record import KeptText

FILE: Final = "configuration.json"
_MOST_TROUBLES: Final = 4
_ENDED: Final = "the daemon ended while it was proven; the one before it runs"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Runs:
    """What runs: the revision, 0 for the board's own file, and the hash of its text."""

    revision: int
    digest: str


class ManagedStation:
    """One station; `hear` and `reported` belong to the uplink's thread, the rest to those of the daemon.

    Args:
        path: the board's own file.
        clock: monotonic.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._file: StationFile | None = None
        self._verifier: Verifier | None = None
        self._record = Record()
        self._runs = self._next = _Runs(0, "0" * 64)
        self._pending: Desired | None = None
        self._is_fresh = False
        self._times = JudgedTimes()
        self._proving: Proving | None = None
        self._troubles: tuple[str, ...] = ()

    def start(self) -> StationConfig:
        """What to start with; one that was never proven is given up.

        Raises:
            ConfigRejected: neither the manager's good one nor the board's own file can be used.
            MissingExtraError: what verifies signatures is not installed.
        """
        file = self._read_file()
        if file.remote is None:
            return self._own(file)
        self._remember(file)
        good = self._record.good
        if good is not None:
            try:
                return self._under(file, good)
            except ConfigRejected as error:
                self._tell(f"revision {good.revision} cannot be used any more, the board's own file runs: {error}")
        return self._own(file)

    def read(self) -> StationConfig:
        """What to go to now: the one that was heard, else the file and what runs under it, read anew.

        Raises:
            ConfigRejected: it cannot be; what runs goes on.
            MediumRefused: it cannot be kept, so it is not tried.
        """
        with self._lock:
            desired, self._pending = self._pending, None
            self._troubles = ()
        file = self._read_file()
        if file.remote is None:
            return self._own(file)
        if desired is not None:
            return self._try(file, desired)
        kept = self._record.trial or self._record.good
        return self._own(file) if kept is None else self._under(file, kept)

    def hear(self, body: bytes) -> bool:
        """A message under `desired`; whether there is something new to go to."""
        if not body or self._verifier is None:
            return False
        try:
            desired = read(body)
            self._verifier.check(desired)
            is_new = self._is_newer(desired)
        except DesiredRefused as error:
            self._tell(str(error))
            return False
        if is_new:
            with self._lock:
                self._pending, self._troubles = desired, ()
        return is_new

    def went(self, judged: Mapping[str, int]) -> None:
        """What `read` gave runs, and its points gave so many good and defect verdicts under the one before.

        One that is new begins to be proven.
        """
        self._runs = self._next
        now_ns, file = self._clock.now_ns(), self._file
        self._times.note(judged, now_ns)
        if self._is_fresh and file is not None and file.remote is not None:
            self._proving = begin(self._times, frozenset(judged), now_ns, file.remote.proving_s)
        self._is_fresh = False

    def refused(self, error: Exception) -> None:
        """What `read` gave could not be gone to; what ran before runs."""
        if self._is_fresh:
            self._is_fresh = False
            self._keep(self._record.rejected(Phase.REFUSED, _sentences(error)))
        elif (last := self._record.last) is None or last.phase is not Phase.REFUSED:
            self._troubles = _sentences(error)[:_MOST_TROUBLES]

    def look(self, judged: Mapping[str, int]) -> bool:
        """Look at the good and defect verdicts of each point so far; whether to go back to what ran before."""
        now_ns = self._clock.now_ns()
        self._times.note(judged, now_ns)
        proving = self._proving
        if proving is None or not proving.is_over(now_ns):
            return False
        self._proving = None
        silent = proving.silent(self._times)
        if not silent:
            self._keep(self._record.proven())
            _log.warning("revision %d of the configuration is proven", self._runs.revision)
            return False
        reason = (
            f"no good or defect verdict from {', '.join(silent)} in {proving.proving_s:g} s, and there were some in "
            "the same time before; if no part came, send it again while the line runs"
        )
        _log.error("revision %d of the configuration is given up: %s", self._runs.revision, reason)
        self._keep(self._record.rejected(Phase.ROLLED_BACK, (reason,)))
        return True

    def reported(self) -> Reported | None:
        """What the manager is told; None where the station takes no configurations."""
        if self._verifier is None:
            return None
        last, runs = self._record.last, self._runs
        return Reported(
            revision=runs.revision,
            hash=runs.digest,
            heard=None if last is None else last.revision,
            phase=Phase.NONE if last is None else last.phase,
            errors=short_errors([*(last.errors if last else ()), *self._troubles]),
        )

    def _read_file(self) -> StationFile:
        file = StationFile.read(self._path)
        remote = file.remote
        self._verifier = None if remote is None else Verifier(remote.trusted_key, file.address)
        self._file = file
        return file

    def _remember(self, file: StationFile) -> None:
        try:
            self._record = load_record(file.state_folder / FILE)
        except RecordDamaged as error:
            self._tell(str(error))
        if self._record.trial is not None:
            self._keep(self._record.rejected(Phase.ROLLED_BACK, (_ENDED,)))

    def _own(self, file: StationFile) -> StationConfig:
        self._next = _Runs(0, file.digest)
        return file.own()

    def _under(self, file: StationFile, kept: KeptText) -> StationConfig:
        config = file.under(kept.text, f"revision {kept.revision}")
        self._next = _Runs(kept.revision, kept.hash)
        return config

    def _try(self, file: StationFile, desired: Desired) -> StationConfig:
        tried = self._record.tried(desired)
        try:
            config = file.under(desired.text, f"revision {desired.revision}")
            save_record(file.state_folder / FILE, tried)
        except LeptonError as error:
            self._keep(tried.rejected(Phase.REFUSED, _sentences(error)))
            raise
        self._record, self._is_fresh, self._proving = tried, True, None
        self._next = _Runs(desired.revision, desired.hash)
        return config

    def _is_newer(self, desired: Desired) -> bool:
        last = self._record.last
        if last is None or desired.revision > last.revision:
            return True
        if (desired.revision, desired.hash) == (last.revision, last.hash):
            return False
        raise DesiredRefused(
            f"wanted a revision above {last.revision}, found {desired.revision} with another text: an older message, "
            "or a manager that was restored from a backup; save the configuration there once more"
        )

    def _keep(self, record: Record) -> None:
        """Remember it; where the disk refuses, at least until the daemon ends."""
        self._record = record
        if self._file is None:
            return
        try:
            save_record(self._file.state_folder / FILE, record)
        except MediumRefused as error:
            self._tell(f"{error}; at the next start the one before it runs")

    def _tell(self, trouble: str) -> None:
        if trouble not in self._troubles:
            _log.error("configuration: %s", trouble)
            self._troubles = (*self._troubles, trouble)[-_MOST_TROUBLES:]


def _sentences(error: Exception) -> tuple[str, ...]:
    if isinstance(error, ConfigRejected) and error.problems:
        return short_errors(list(error.problems))
    return short_errors([line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__])
