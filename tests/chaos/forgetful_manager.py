"""A manager that acknowledges before it stores: the sabotage that the harness must notice.

The real ingest over a store that holds every batch in memory for a while; what it holds when it is killed is gone,
though stations were told that it is stored.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.ingest import Ingest
from fleet_manager.ingest.watchers import QuietWatcher
from fleet_manager.store.alert_store import AlertStore, Taken, Word
from fleet_manager.store.contiguity import advance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_manager.arrival import Arrival

HELD_S = 20.0


class ForgetfulStore:
    """Says at once that a batch is stored, and stores it a while later."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._seqs: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    def take(self, arrivals: Sequence[Arrival]) -> Taken:
        later = threading.Timer(HELD_S, self._keep, args=(arrivals,))
        later.start()
        placed = [one for one in arrivals if one.epoch is not None and one.seq is not None]
        for one in placed:
            self._seqs[one.address, str(one.epoch)].add(int(one.seq or 0))
        lives = dict.fromkeys((one.address, str(one.epoch)) for one in arrivals if one.epoch is not None)
        return Taken((), (), 0, tuple(Word(*life, self._through(*life)) for life in lives))

    def _keep(self, arrivals: Sequence[Arrival]) -> None:
        with self._lock:
            self._store.take(arrivals)

    def _through(self, address: str, epoch: str) -> int:
        return advance(self._store.through(address, epoch), sorted(self._seqs[address, epoch]), [])


def main() -> None:
    where, host, port = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    store = AlertStore.open(where, lambda: time.time_ns() // 1_000_000)
    options = BrokerOptions(host, int(port), store.client_id)
    watcher = QuietWatcher(lambda line: sys.stderr.write(f"{line}\n") and None, stop.set)
    Ingest(ForgetfulStore(store), options, watcher, draw=random.random).run(stop)


if __name__ == "__main__":
    main()
