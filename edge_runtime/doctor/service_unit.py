"""Whether systemd starts the daemon, watches over it, and lets it at its devices."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "service"
UNIT = "lepton-edge.service"
_BOOTED = Path("/run/systemd/system")
"""sd_booted(3)."""
_ASKED = ("LoadState", "UnitFileState", "ActiveState", "Type", "WatchdogUSec", "SupplementaryGroups", "ExecStart")
_NO_WATCHDOG = {"", "0", "infinity"}
_GROUPS = {
    "v4l2": "video",
    "csi": "video",
    "serial": "dialout",
    "microphone": "audio",
    "gpio wire": "gpio",
    "serial wire": "dialout",
    "microcontroller wire": "dialout",
}
"""Kind of source, or of the wires of triggers and outputs: the group that opens its device (udev's default rules)."""
_PATIENCE_S = 10


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """What systemd says of the unit; skipped where systemd does not run."""
    del chart
    systemctl = shutil.which("systemctl")
    if systemctl is None or not _BOOTED.is_dir():
        yield Finding(CHECK, "", Standing.SKIPPED, "systemd does not run here")
        return
    asked = [word for name in _ASKED for word in ("-p", name)]
    command = [systemctl, "show", UNIT, *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    told = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    points = patient.config.points
    wires = [*(point.trigger.kind for point in points), *(output.kind for output in patient.config.outputs)]
    kinds = {point.source.kind for point in points} | {f"{kind} wire" for kind in wires}
    yield from judge_unit(told, kinds, patient.file)


def judge_unit(told: Mapping[str, str], kinds: set[str], station: Path) -> Iterator[Finding]:
    """What the unit's properties mean.

    Args:
        told: of `systemctl show`, by name.
        kinds: of the station's sources, and of its triggers and outputs with the word wire behind.
        station: the file that was examined.
    """
    if told.get("LoadState") != "loaded":
        step = "sudo cp systemd/lepton-edge.service /etc/systemd/system/ && sudo systemctl enable --now lepton-edge"
        yield Finding(
            CHECK, "", Standing.WARNING, f"{UNIT} is not installed", "a unit that starts with the board", step
        )
        return
    yield _judge("UnitFileState", told, {"enabled"}, "sudo systemctl enable lepton-edge")
    yield _judge("ActiveState", told, {"active", "activating"}, "sudo systemctl start lepton-edge")
    yield _judge("Type", told, {"notify", "notify-reload"}, "take the unit of this release")
    if told.get("WatchdogUSec", "") in _NO_WATCHDOG:
        step = "WatchdogSec=10 in the unit: without it a daemon that hangs stays so"
        yield Finding(CHECK, "", Standing.FAILED, "no watchdog", "a watchdog", step)
    groups = set(told.get("SupplementaryGroups", "").split())
    for group in sorted({_GROUPS[kind] for kind in kinds if kind in _GROUPS} - groups):
        step = f"SupplementaryGroups={group} in a drop-in: systemctl edit lepton-edge"
        yield Finding(CHECK, "", Standing.FAILED, f"not in the group {group}", f"the group {group}", step)
    yield from _judge_file(told.get("ExecStart", ""), station)


def _judge(name: str, told: Mapping[str, str], wanted: set[str], step: str) -> Finding:
    found = f"{UNIT}: {name} {told.get(name, '')}"
    if told.get(name) in wanted:
        return Finding(CHECK, "", Standing.OK, found)
    return Finding(CHECK, "", Standing.WARNING, found, " or ".join(sorted(wanted)), step)


def _judge_file(started: str, station: Path) -> Iterator[Finding]:
    """A unit that runs another file makes all of the above true of that one."""
    files = [word for word in shlex.split(started.replace(";", " ")) if word.endswith(".toml")]
    if files and Path(files[0]).resolve() != station:
        step = f"lepton doctor {files[0]}, or another ExecStart in the unit"
        yield Finding(CHECK, "", Standing.WARNING, f"it runs {files[0]}", str(station), step)
