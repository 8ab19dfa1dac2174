"""What systemd does with the service: readiness, watchdog, restarts, reload, what is kept, what is never restarted."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.systemd.device import SERVICE
from tests.lab.systemd.finding import Finding, within
from tests.lab.systemd.station import HOME, STATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.systemd.device import Device

_US_PER_S = 1_000_000
READY_MOST_S = 15.0
WATCHDOG_S = 30.0
"""As the unit says; a sign of life may have come up to a third of it before the process was stopped."""
RESTART_MOST_S = 10.0
VERDICTS_S = 3.0
STATUS_S = WATCHDOG_S / 3 + 1
"""The counts come with each sign of life."""
STATE = "/var/lib/lepton-edge"


def starts(device: Device) -> Iterator[Finding]:
    """`systemctl start` comes back when the daemon is ready, and not before."""
    device.run("systemctl", "start", "--no-block", SERVICE)
    seen = {device.shown("ActiveState")}
    took_s = device.wait_for("ActiveState", "active", READY_MOST_S)
    yield Finding(
        "not active before READY=1", is_kept="activating" in seen and took_s is not None, seen=", ".join(seen)
    )
    begun_us = int(device.shown("ExecMainStartTimestampMonotonic"))
    ready_us = int(device.shown("ActiveEnterTimestampMonotonic"))
    ready_s = (ready_us - begun_us) / _US_PER_S if took_s is not None else None
    yield within("ready (process start to READY=1)", ready_s, READY_MOST_S)
    time.sleep(STATUS_S)
    status = device.shown("StatusText")
    judged = "gate: 0 good" not in status and "exit: 0 good" not in status and " 0 defect" not in status
    yield Finding(
        "both points judge parts, good and defect, none unknown", judged and status.count(" 0 unknown") == 2, status
    )


def reloads(device: Device) -> Iterator[Finding]:
    """A changed file is taken over by the same process; one with a mistake is told of and changes nothing."""
    pid = device.main_pid()
    for promise, text, wanted in (
        ("reload: a file with a mistake changes nothing", STATION.replace("deadline_ms", "dedline_ms"), "did you mean"),
        ("reload: a changed file is taken over", STATION.replace("= 200", "= 250"), "started anew"),
    ):
        device.write(f"{HOME}/station.toml", text.encode())
        device.run("systemctl", "reload", SERVICE)
        time.sleep(VERDICTS_S)
        said = device.said("journalctl", "--unit", SERVICE, "--output=cat", "--no-pager", "--since=-4s")
        told = next((line for line in said.splitlines() if wanted in line), "nothing of it in the log")
        goes_on = device.main_pid() == pid and device.shown("ActiveState") == "active" and "gate" in said
        yield Finding(promise, goes_on and wanted in said, told[-90:])
    device.write(f"{HOME}/station.toml", STATION.encode())


def survives(device: Device) -> Iterator[Finding]:
    """A hang and a crash end in a restart that goes on with the spool and the evidence."""
    before = _ledger(device)
    for name, number, most_s in (
        ("hang (SIGSTOP): watchdog kills, restarted", signal.SIGSTOP, WATCHDOG_S + RESTART_MOST_S),
        ("SIGKILL: restarted", signal.SIGKILL, RESTART_MOST_S),
        ("abort(): restarted", signal.SIGABRT, RESTART_MOST_S),
    ):
        pid = device.main_pid()
        device.send(number)
        yield within(f"{name} and ready again", device.wait_for_another_process(pid, most_s * 2), most_s)
    time.sleep(VERDICTS_S)
    after = _ledger(device)
    went_on = after["seq"] > before["seq"] > 0 and after["epoch"] == before["epoch"]
    yield Finding("the spool's sequence goes on in one epoch", went_on, f"{before['seq']} -> {after['seq']}")
    kept = bool(before["pictures"]) and set(before["pictures"]) <= set(after["pictures"])
    yield Finding("evidence stays", kept, f"{len(before['pictures'])} -> {len(after['pictures'])} pictures")
    yield _workers(device)


def refuses(device: Device) -> Iterator[Finding]:
    """A wrong configuration does not mend itself; a stop is clean and in time."""
    begun = time.monotonic()
    device.run("systemctl", "stop", SERVICE)
    took_s = time.monotonic() - begun
    yield within("stops when it is told to", took_s if device.shown("Result") == "success" else None, RESTART_MOST_S)
    device.write(f"{HOME}/station.toml", STATION.replace("deadline_ms", "dedline_ms").encode())
    device.run("systemctl", "reset-failed", SERVICE)
    device.run("systemctl", "start", SERVICE)
    time.sleep(2 * VERDICTS_S)
    state, code, restarts = (device.shown(name) for name in ("ActiveState", "ExecMainStatus", "NRestarts"))
    is_kept = (state, code, restarts) == ("failed", "2", "0")
    yield Finding("code 2 is not restarted", is_kept, f"{state} with code {code}, {restarts} restarts")
    device.write(f"{HOME}/station.toml", STATION.encode())
    device.run("systemctl", "start", "--no-block", SERVICE)
    yield within(
        "started again once the file is right", device.wait_for("ActiveState", "active", READY_MOST_S), READY_MOST_S
    )


def _ledger(device: Device) -> dict:
    device.write("/opt/ledger.py", Path(__file__).with_name("ledger.py").read_bytes())
    done = device.run("/opt/lepton-edge/bin/python", "/opt/ledger.py", STATE)
    if done.returncode:
        raise RuntimeError(f"wanted the spool of the board, found: {done.stderr}")
    return json.loads(done.stdout)


def _workers(device: Device) -> Finding:
    """A child that dies must not take the service along; without children there is nothing to kill."""
    pid = device.main_pid()
    children = device.read(f"/proc/{pid}/task/{pid}/children").split()
    if not children:
        return Finding("a killed inference worker leaves the service alive", is_kept=True, seen="no worker processes")
    device.send(signal.SIGKILL, int(children[0]))
    time.sleep(VERDICTS_S)
    alive = device.main_pid() == pid and device.shown("ActiveState") == "active"
    return Finding("a killed inference worker leaves the service alive", alive, f"{len(children)} workers")
