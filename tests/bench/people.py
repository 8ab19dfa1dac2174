"""What people cost the manager: an act with its audit entry, a walk over the log, a log-in, a look at a session.

`python -m tests.bench.people`. Every commit is on the disk (SQLite synchronous=FULL, PostgreSQL fsync=on). The floor of
a log-in is one bare argon2id verification.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from argon2 import PasswordHasher

from fleet_manager.people.assembly import assemble_people
from fleet_manager.people.principal import SYSTEM
from fleet_manager.store.database import open_database
from fleet_manager.store.migration import migrate
from tests.fakes.people import ADDRESS, PASSWORD
from tests.fleet_manager.databases import running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet_manager.people.assembly import People

ACTS, LOG_INS, LOOKS, THREADS = 2_000, 10, 500, 4


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder, running_postgres(durable=True) as cluster:
        yield {"SQLite": f"sqlite:///{Path(folder) / 'fleet.sqlite'}", "PostgreSQL": cluster.new_database()}


def seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def acts(people: People, count: int) -> None:
    for number in range(count):
        with people.audit.act(SYSTEM, "acknowledge", f"alert:{number}", "plant/hall"):
            pass


def acts_at_once(people: People) -> None:
    threads = [threading.Thread(target=acts, args=(people, ACTS // THREADS)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def log_ins(people: People) -> None:
    for _ in range(LOG_INS):
        people.gate.log_in("anna", PASSWORD, ADDRESS)


def looks(people: People, session: str) -> None:
    for _ in range(LOOKS):
        assert people.gate.person(session) is not None


def lines(people: People) -> Iterator[str]:
    link = people.links.first_set_up()
    assert link is not None
    people.links.redeem(link, PASSWORD, "anna")
    session = people.gate.log_in("anna", PASSWORD, ADDRESS)
    yield f"acts, one after the other   {ACTS / seconds(lambda: acts(people, ACTS)):8.0f} /s"
    yield f"acts, {THREADS} threads             {ACTS / seconds(lambda: acts_at_once(people)):8.0f} /s"
    entries = people.audit.head().seq
    yield f"walk over {entries} entries      {entries / seconds(people.audit.verify):8.0f} /s"
    yield f"log-in                      {seconds(lambda: log_ins(people)) / LOG_INS * 1e3:8.1f} ms"
    yield f"look at a session           {seconds(lambda: looks(people, session)) / LOOKS * 1e3:8.2f} ms"
    assert people.audit.verify().broken is None


def main() -> None:
    hasher = PasswordHasher()
    kept = hasher.hash(PASSWORD)
    bare_ms = min(seconds(lambda: hasher.verify(kept, PASSWORD)) for _ in range(5)) * 1e3
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"one bare argon2id verification: {bare_ms:.1f} ms")
    with databases() as urls:
        for name, url in urls.items():
            engine = open_database(url)
            migrate(engine)
            for line in lines(assemble_people(engine)):
                print(f"{name:10}  {line}")
            engine.dispose()


if __name__ == "__main__":
    main()
