"""`make lab-systemd`: the units under a real systemd as PID 1.

Prints a table; leaves with 1 if a promise is not kept.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.lab.systemd.device import SERVICE, booted
from tests.lab.systemd.finding import Finding
from tests.lab.systemd.fleet import FLEET, manages
from tests.lab.systemd.life import refuses, reloads, starts, survives
from tests.lab.systemd.rootfs import make_rootfs
from tests.lab.systemd.sandbox import looks
from tests.lab.systemd.station import install_station

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.systemd.device import Device


def main() -> int:
    """Make what is missing, boot, look, print; 1 where something is not as promised."""
    root = make_rootfs()
    with booted(root) as device:
        print(
            f"{device.said('systemctl', '--version').splitlines()[0]}; booted in {device.booted_s:.1f} s\n", flush=True
        )
        findings = []
        for finding in _all(device):
            print(finding, flush=True)
            findings.append(finding)
        broken = [finding for finding in findings if not finding.is_kept]
        if broken:
            print("\n" + device.said("journalctl", "--unit", SERVICE, "--unit", FLEET, "--no-pager", "--lines=60"))
    print(f"\n{len(findings) - len(broken)} of {len(findings)} promises kept")
    return int(bool(broken))


def _all(device: Device) -> Iterator[Finding]:
    models = install_station(device)
    started = list(starts(device))
    yield from started
    if not all(finding.is_kept for finding in started):
        return
    yield from reloads(device)
    yield from survives(device)
    yield from refuses(device)
    yield from looks(device, models)
    yield _exposure(device)
    yield from manages(device)


def _exposure(device: Device) -> Finding:
    line = device.said("systemd-analyze", "security", SERVICE).splitlines()[-1]
    level = next((float(word) for word in line.split() if word.replace(".", "").isdigit()), None)
    return Finding("systemd-analyze security", level is not None and level <= 1.6, line.lstrip("→ "))


if __name__ == "__main__":
    sys.exit(main())
