"""`lepton fleet serve` as its user starts it, with free ports and a folder of the test's."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_manager.people.assembly import assemble_people
from fleet_manager.store.database import database_url, open_database
from tests.fakes.patience import eventually, free_port
from tests.fakes.people import office_with_admin, quick_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE_S = 30
SERVE = "lepton fleet serve"
REPOSITORY = Path(__file__).resolve().parents[2]


class ServingManager:
    """One process.

    Args:
        folder: where it is started; `lepton-fleet` in it is the site's.
        command: as a page has it, the program `lepton` first.
        python: whose `lepton` it is.
        environment: beside the test's own.
    """

    def __init__(self, folder: Path, command: str, python: Path, environment: Mapping[str, str]) -> None:
        self.http, self.mqtt, self._log = free_port(), free_port(), folder / "manager.log"
        self.folder = folder / "lepton-fleet"
        program, *words = shlex.split(command)
        assert program == "lepton"
        ports = ["--port", str(self.http), "--broker-port", str(self.mqtt)]
        told = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([python, "-m", "lepton", *words, *ports], stderr=log, cwd=folder, env=told)

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    def status(self, path: str) -> int:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, token: str = "", content: object = None) -> int:
        """The status of an answer; 0 without one."""
        body = None if content is None else json.dumps(content)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": "application/json"} if body else {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)) as connection:
            try:
                connection.request(method, path, body, headers)
                return connection.getresponse().status
            except OSError:
                return 0

    def admin_token(self) -> str:
        """Of an admin who has set the manager up."""
        engine = open_database(database_url(self.folder / "fleet.sqlite"))
        office = office_with_admin(engine)
        try:
            person = office.people.gate.person(office.log_in("anna"))
            return assemble_people(engine, quick_passwords()).tokens.make(person, "test", person.grants, 1)[0]
        finally:
            engine.dispose()

    def ready(self) -> ServingManager:
        eventually(lambda: self.status("/readyz") == 200, PATIENCE_S)
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """As systemd does it with all of a unit, and a terminal with all that it runs: each process is signalled."""
        if self.process.poll() is None:
            for pid in (*self._children(), self.process.pid):
                os.kill(pid, how)
        assert self.process.wait(PATIENCE_S) == 0, self.said
        assert "its process ended" not in self.said
        assert "Traceback" not in self.said

    def _children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for one in found for pid in one.read_text("ascii").split()]


@contextmanager
def serving_manager(
    folder: Path,
    command: str = SERVE,
    python: Path = Path(sys.executable),
    environment: Mapping[str, str] | None = None,
) -> Iterator[ServingManager]:
    """A manager that is ready, until the end of the block."""
    made = ServingManager(folder, command, python, environment or {})
    try:
        yield made.ready()
    finally:
        made.stop()
