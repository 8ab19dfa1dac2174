"""Brokers that are dead, killed, silent or not to be found; inspection must not notice, and alerts come afterwards."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from tests.system.faults.fault import Fault, Harm

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig

ALERT_S = 75.0
"""The longest wait of an uplink whose broker was away (`FullJitter.longest_s`), and time to send."""
LISTENS_S = 20.0
CONFIGURATION = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
UPLINK = '\n[uplink]\nhost = "127.0.0.1"\nport = {port}\nack = "broker"\nkeepalive_s = 5\n'


class BrokerFault(Fault):
    harm = Harm.NONE
    connections = 1
    more = UPLINK

    def missing(self) -> str | None:
        return next((f"needs {tool}" for tool in ("mosquitto", "mosquitto_sub") if _tool(tool) is None), None)

    def prepare(self, rig: Rig) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            rig.notes["port"] = free.getsockname()[1]
        self.start(rig)

    def start(self, rig: Rig) -> None:
        """Start the broker; it listens when this comes back."""
        file = rig.folder / "mosquitto.conf"
        file.write_text(CONFIGURATION.format(port=rig.notes["port"]))
        rig.notes["broker"] = subprocess.Popen(
            [str(_tool("mosquitto")), "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + LISTENS_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", int(str(rig.notes["port"]))), 1.0).close()
            except OSError:
                time.sleep(0.05)
            else:
                return

    def kill(self, rig: Rig) -> None:
        """It is gone, and its address refuses."""
        broker = rig.notes.pop("broker", None)
        if isinstance(broker, subprocess.Popen):
            broker.send_signal(signal.SIGCONT)
            broker.kill()
            broker.wait()

    def signal(self, rig: Rig, number: signal.Signals) -> None:
        """To the broker."""
        broker = rig.notes["broker"]
        assert isinstance(broker, subprocess.Popen)
        broker.send_signal(number)

    def look(self, rig: Rig) -> str | None:
        """Alerts come at the broker again."""
        command = [str(_tool("mosquitto_sub")), "-p", str(rig.notes["port"]), "-t", "lepton/1/+/+/+/alert", "-C", "1"]
        done = subprocess.run([*command, "-W", str(int(ALERT_S))], check=False, capture_output=True)
        return None if done.stdout else f"no alert at the broker within {ALERT_S:g} s"

    def clear(self, rig: Rig) -> None:
        self.kill(rig)


class DeadAtStart(BrokerFault):
    name = "broker dead at the start"

    def prepare(self, rig: Rig) -> None:
        super().prepare(rig)
        self.kill(rig)

    def begin(self, rig: Rig) -> None:
        self.kill(rig)

    def end(self, rig: Rig) -> None:
        self.start(rig)


class KilledMidway(BrokerFault):
    name = "broker killed"

    def begin(self, rig: Rig) -> None:
        self.kill(rig)

    def end(self, rig: Rig) -> None:
        self.start(rig)


class SilentBroker(BrokerFault):
    name = "broker accepts and says nothing (SIGSTOP)"
    lasts_s = 8.0

    def begin(self, rig: Rig) -> None:
        self.signal(rig, signal.SIGSTOP)

    def end(self, rig: Rig) -> None:
        self.signal(rig, signal.SIGCONT)


class NoSuchName(Fault):
    name = "broker's name cannot be resolved"
    harm = Harm.NONE
    lasts_s = 4.0
    more = '\n[uplink]\nhost = "no-such-broker.invalid"\n'

    def begin(self, rig: Rig) -> None:
        """It never could."""


def _tool(name: str) -> str | None:
    return shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")


BROKER_FAULTS = (DeadAtStart(), KilledMidway(), SilentBroker(), NoSuchName())
