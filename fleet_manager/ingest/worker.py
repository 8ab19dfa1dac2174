"""One ingest in a process of its own: told what to do by a line of JSON on stdin, it says what happens on stdout.

`python -m fleet_manager.ingest.worker`; whoever starts it is `workers.py`. It ends when its stdin is closed, so that no
worker outlives its manager; signals are left to the manager.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TextIO

from fleet_manager.child_process import leave_signals_to_the_parent
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.ingest import Ears, Ingest
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.errors import LeptonError
    from fleet_manager.store.alert_store import Taken


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker does.

    database: the URL of a database that is migrated. broker: where, and under which client id. ears: what it hears.
    """

    database: str
    broker: BrokerOptions
    ears: Ears

    def to_json(self) -> str:
        """As it is written to a worker's stdin: one line, a password in it, which no list of processes shows."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Task:
        """As it was written."""
        told = json.loads(line)
        ears = Ears(tuple(told["ears"]["leaves"]), told["ears"]["share"])
        return cls(told["database"], BrokerOptions(**told["broker"]), ears)


class Teller:
    """A watcher that says each thing in a line of JSON: `event` and what belongs to it."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self._write = write

    def connected(self, where: str) -> None:
        """A broker let us in; not ready yet."""
        self._say("connected", text=where)

    def ready(self) -> None:
        """Messages arrive."""
        self._say("ready")

    def silent(self) -> None:
        """What we said to ourselves does not come back."""
        self._say("silent")

    def disconnected(self, err: LeptonError) -> None:
        """The broker is gone, or there is none."""
        self._say("disconnected", text=str(err))

    def stored(self, taken: Taken) -> None:
        """A batch is durable."""
        self._say("stored", alerts=len(taken.alerts), refused=len(taken.refused), duplicates=taken.duplicates)

    def store_failed(self, err: Exception) -> None:
        """The database refuses; the batch is kept and tried again."""
        self._say("store-failed", text=str(err))

    def _say(self, event: str, **more: Any) -> None:
        self._write(json.dumps({"event": event, **more}) + "\n")


def serve(task: Task, write: Callable[[str], Any], stop: threading.Event) -> None:
    """Work until `stop` is set."""
    store = AlertStore(open_database(task.database), lambda: time.time_ns() // 1_000_000)
    try:
        Ingest(store, task.broker, Teller(write), draw=random.random, ears=task.ears).run(stop)
    finally:
        store.close()


def main(stdin: TextIO = sys.stdin, stdout: TextIO = sys.stdout) -> None:
    """The process."""
    leave_signals_to_the_parent()
    task, stop = Task.from_json(stdin.readline()), threading.Event()

    def wait_for_the_end() -> None:
        stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, name="stdin", daemon=True).start()

    def write(line: str) -> None:
        try:
            stdout.write(line)
            stdout.flush()
        except BrokenPipeError:  # the manager is dead; stdin says so too
            stop.set()

    serve(task, write, stop)


if __name__ == "__main__":
    main()
