"""The ingest's processes: started, heard, started anew when they die, ended with the manager.

One hears what devices say of themselves; the others share the alerts, in a group of their own: a member that is no more
keeps its share until its session ends, and a stranger in it would take one. So the group is named by the database and
by the number of processes. A broker that cannot share (`shares=False`, the embedded one) gets one process that hears
everything.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_contracts.reconnect import FullJitter
from fleet_manager.ingest.ingest import SAID, SPOOLED, Ears
from fleet_manager.ingest.worker import Task
from fleet_manager.ingest.worker_record import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_manager.ingest.broker_link import BrokerOptions

SHARED_SESSION_S: Final = 600
"""How long a broker keeps alerts for a process that is away; a station sends again what is dropped."""
STOP_S: Final = 15.0
_RESTART: Final = FullJitter(longest_s=5.0)
_log = logging.getLogger(__name__)


def tasks(database: str, broker: BrokerOptions, workers: int, *, shares: bool) -> list[Task]:
    """What each process does; the client ids derive from the broker's own.

    Args:
        database: its URL.
        broker: where it is, and the client id that the others derive from.
        workers: how many share the alerts, at least one.
        shares: whether the broker divides a shared subscription among them.
    """
    if not shares:
        return [Task(database, broker, Ears())]
    group = Ears(SPOOLED, f"{broker.client_id}-{workers}")
    of_group = replace(broker, session_s=SHARED_SESSION_S)
    members = [_named(of_group, number) for number in range(1, workers + 1)]
    return [Task(database, _named(broker, 0), Ears(SAID)), *(Task(database, one, group) for one in members)]


def _named(broker: BrokerOptions, number: int) -> BrokerOptions:
    return replace(broker, client_id=f"{broker.client_id}-{number}")


class Workers:
    """All processes of one manager.

    Args:
        what: one task per process.
        draw: gives a number in [0, 1), for the jitter between restarts.
    """

    def __init__(self, what: Sequence[Task], draw: Callable[[], float]) -> None:
        self.workers = tuple(Worker(f"ingest-{number}", task) for number, task in enumerate(what))
        self._draw = draw
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._keep, args=(worker,), name=worker.name, daemon=True)
            for worker in self.workers
        ]

    @property
    def trouble(self) -> str | None:
        """Why alerts do not all reach the store, each reason once with who has it; None when they do."""
        ill: dict[str, list[str]] = {}
        for one in self.workers:
            if trouble := one.trouble:
                ill.setdefault(trouble, []).append(one.name)
        return "; ".join(f"{', '.join(names)}: {why}" for why, names in ill.items()) or None

    def start(self) -> None:
        """Start every process."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """End every process after its last batch; False, and a line in the log, when one had to be killed."""
        self._stopping.set()
        with self._lock:
            processes = [one.process for one in self.workers if one.process is not None]
        for process in processes:
            if process.stdin is not None:
                with suppress(OSError):  # it may have died with our line unread
                    process.stdin.close()
        ends = [_ended(process, timeout_s) for process in processes]
        for thread in self._threads:
            thread.join(timeout_s)
        return all(ends) and not any(thread.is_alive() for thread in self._threads)

    def _keep(self, worker: Worker) -> None:
        failures = 0
        while not self._stopping.is_set():
            process = self._started(worker)
            if process is None:
                return
            worker.was_ready = False
            with process:
                for line in process.stdout or ():
                    worker.hear(line)
                code = process.wait()
            if self._stopping.is_set():
                return
            worker.ended(code)
            _log.error("%s: its process ended with %d; another is started", worker.name, code)
            failures = 0 if worker.was_ready else failures + 1
            self._stopping.wait(_RESTART.delay_s(failures, self._draw))

    def _started(self, worker: Worker) -> subprocess.Popen[str] | None:
        """A new process that knows its task; None when we stop just now."""
        with self._lock:
            if self._stopping.is_set():
                return None
            command = [sys.executable, "-m", "fleet_manager.ingest.worker"]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            worker.process = process
        if process.stdin is not None:
            try:
                process.stdin.write(worker.task.to_json() + "\n")
                process.stdin.flush()
            except OSError:
                _log.warning("%s: its process ended before it heard its task", worker.name)
        return process


def _ended(process: subprocess.Popen[str], timeout_s: float) -> bool:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        _log.error("an ingest process did not end within %g s; killed", timeout_s)
        process.kill()
        process.wait()
        return False
    return True
