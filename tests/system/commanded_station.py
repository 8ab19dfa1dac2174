"""A station as its user starts it, a broker, and a manager that asks things of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_manager.broker_choice import BrokerChoice
from fleet_manager.commands.command_log import Wish, find_command, give_command
from fleet_manager.site import SiteSettings, running_site
from fleet_manager.store.database import writing
from tests.fakes.patience import eventually
from tests.fakes.stations import GOOD_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_manager.commands.command import GivenCommand
    from fleet_manager.site import Site

WHERE = "acme/north/line-1"
ENDLESS = """\
source = { kind = "folder", path = "parts", repeat = true }
trigger = { kind = "interval", interval_s = 0.1 }
"""
PATIENCE_S = 30.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Rig:
    """The manager, and the station's process."""

    site: Site
    station: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.station.with_suffix(".log").open("ab") as log:
            command = [sys.executable, "-m", "lepton", "run", str(self.station)]
            self.process = subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)
        eventually(self.is_online, PATIENCE_S)

    def end(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def said(self) -> str:
        log = self.station.with_suffix(".log")
        return log.read_text("utf-8") if log.exists() else ""

    def is_online(self) -> bool:
        query = "select count(*) from statuses where status = 'online'"
        with self.site.services.engine.connect() as con:
            return bool(con.exec_driver_sql(query).scalar())

    def ask(self, name: str, timeout_s: int = 20) -> int:
        with writing(self.site.services.engine) as con:
            return give_command(con, Wish(WHERE, name, timeout_s), "anna", now_ms(), os.urandom)

    def find(self, number: int) -> GivenCommand:
        with self.site.services.engine.connect() as con:
            found = find_command(con, number)
        assert found is not None
        return found

    def ended(self, number: int) -> tuple[str, str]:
        eventually(lambda: self.find(number).outcome, PATIENCE_S)
        found = self.find(number)
        return found.outcome or "", found.answer


@contextmanager
def commanded_station(folder: Path, port: int, more: str) -> Iterator[Rig]:
    """A rig whose station runs; `more` are further tables of its file, in which KEY is the manager's."""
    write_parts(folder / "parts", [GOOD_LEVEL, GOOD_LEVEL + 5])
    broker = BrokerChoice("127.0.0.1", port, "auto", None, None, None, None, None)
    with running_site(SiteSettings(folder / "site", broker=broker)) as site:
        uplink = f'\n[uplink]\nhost = "127.0.0.1"\nport = {port}\nstate_period_s = 0.5\n'
        tables = uplink + more.replace("KEY", site.services.public_key)
        rig = Rig(site, write_station(folder, ENDLESS, more=tables, deadline_ms=90))
        rig.start()
        try:
            yield rig
        finally:
            rig.end()
