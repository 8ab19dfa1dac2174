"""The manager's unit: ready, started anew, ended in time, shut tight."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.patience import free_port
from tests.lab.systemd.finding import Finding, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.systemd.device import Device

FLEET = "lepton-fleet"
READY_MOST_S = 20.0
"""Tables, a broker and an ingest process are made before it hears itself."""
STOP_MOST_S = 20.0
EXPOSURE_MOST = 1.6
ENVIRONMENT = "/etc/lepton-fleet/environment"
_ASK = "import sys, urllib.request as u; print(u.urlopen(f'http://127.0.0.1:{sys.argv[1]}/readyz', timeout=2).status)"
_POLL_S = 0.2


def manages(device: Device) -> Iterator[Finding]:
    """Start the unit where the manager is installed, and look; the network, and so its ports, are the host's."""
    site, port = replace(device, service=FLEET), free_port()
    options = f'LEPTON_FLEET_OPTIONS="--port {port} --broker-port {free_port()}"\n'
    site.write(ENVIRONMENT, options.encode())
    site.run("systemctl", "start", FLEET)
    yield within("manager: ready, with a broker of its own", _ready_s(site, port), READY_MOST_S)
    log = site.said("journalctl", "--unit", FLEET, "--output=cat", "--no-pager")
    link = next((line for line in log.splitlines() if line.startswith("set-up:")), "no link in the log")
    yield Finding("manager: the set-up link stands in the journal", "/link#" in link, link.partition("#")[0])
    yield from _survives(site, port)
    begun = time.monotonic()
    site.run("systemctl", "stop", FLEET)
    took_s = (
        time.monotonic() - begun if (site.shown("Result"), site.shown("ExecMainStatus")) == ("success", "0") else None
    )
    yield within("manager: stops when it is told to", took_s, STOP_MOST_S)
    left = site.said("pgrep", "-f", "fleet_manager").split()
    yield Finding("manager: leaves no process behind", not left, f"{len(left)} processes")
    level = site.said("systemd-analyze", "security", FLEET).splitlines()[-1]
    figure = next((float(word) for word in level.split() if word.replace(".", "").isdigit()), None)
    yield Finding("manager: systemd-analyze security", figure is not None and figure <= EXPOSURE_MOST, level)


def _survives(site: Device, port: int) -> Iterator[Finding]:
    pid = site.main_pid()
    children = site.said("pgrep", "-P", str(pid)).split()
    for child in children:
        site.send(signal.SIGKILL, int(child))
    ready_s = _ready_s(site, port) if children and site.main_pid() == pid else None
    yield within(f"manager: its {len(children)} processes killed, ready again", ready_s, READY_MOST_S)
    site.send(signal.SIGKILL)
    restarted_s = site.wait_for_another_process(pid, READY_MOST_S)
    ready_s = None if restarted_s is None else _ready_s(site, port)
    yield within("manager: SIGKILL, started anew and ready", ready_s, READY_MOST_S)


def _ready_s(site: Device, port: int) -> float | None:
    """Seconds until it hears itself, twice in a row: a process that was just killed may not be missed yet."""
    begun, times = time.monotonic(), 0
    while time.monotonic() - begun < 2 * READY_MOST_S:
        is_ready = site.said("/opt/lepton-edge/bin/python", "-c", _ASK, str(port)) == "200"
        times = times + 1 if is_ready and site.main_pid() else 0
        if times > 1:
            return time.monotonic() - begun
        time.sleep(_POLL_S)
    return None
