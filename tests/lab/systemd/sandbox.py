"""What the unit's sandbox lets through and what it refuses, seen by a probe that runs behind every line of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.systemd.finding import Finding
from tests.lab.systemd.probe import LINE
from tests.lab.systemd.rootfs import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.systemd.device import Device

PROBE = "lepton-probe"
NO_DRIVER = "ENXIO"
WANTED = {
    "camera nodes open": {f"open /dev/{name}": NO_DRIVER for name in ("video0", "media0", "dma_heap/linux,cma")},
    "serial nodes open": {f"open /dev/tty{kind}0": NO_DRIVER for kind in ("USB", "ACM", "AMA")},
    "GPIO and microphone nodes open": {"open /dev/gpiochip0": NO_DRIVER, "open /dev/snd/pcmC0D0c": NO_DRIVER},
    "other devices do not (uinput)": {"open /dev/uinput": "EPERM", "open /dev/null": "ok"},
    "a serial line is read (pseudo terminal)": {"read a line": "weight 12.5"},
    "no memory is both written and executed": {"write and execute": "EPERM", "make executable": "EPERM"},
    "a worker: fork, exec, shared memory, socket pair": {"worker": "ok"},
    "network yes, netlink no": {"network": "ok", "netlink": "EAFNOSUPPORT"},
    "nothing outside of the state folder is written": {"write /etc": "EACCES"},
    "threads may stand back, not push forward": {"stand back": "ok", "push forward": "EACCES"},
    "LiteRT infers, 1 and 2 threads": {"litert": "ok", "litert, 2 threads": "ok"},
    "ONNX Runtime infers, 1 and 2 threads": {"onnx": "ok", "onnx, 2 threads": "ok"},
    "a quantised MobileNetV2 on XNNPACK infers, 2 threads": {"mobilenet": "ok"},
}
SERIAL = f"""
import os, time
ours, theirs = os.openpty()
name = os.ttyname(theirs)
os.chmod(name, 0o666)
os.symlink(name, "{LINE}")
while True:
    os.write(ours, b"weight 12.5\\n")
    time.sleep(0.2)
"""


def looks(device: Device, models: list[str]) -> Iterator[Finding]:
    """Run the probe in a unit that is the daemon's but for what it starts."""
    device.write("/opt/probe.py", Path(__file__).with_name("probe.py").read_bytes())
    device.write("/opt/serial_line.py", SERIAL.encode())
    device.write(f"/run/systemd/system/{PROBE}.service", _probing(UNIT.read_text(), models).encode())
    device.run("systemctl", "daemon-reload")
    device.run("systemd-run", "--quiet", "--unit=serial-line", "python3", "/opt/serial_line.py")
    # What the unit names as allowed must be there when it starts.
    device.run("timeout", "20", "sh", "-c", f"until test -e {LINE}; do sleep 0.05; done")
    device.run("systemctl", "start", PROBE)
    said = device.said("journalctl", "--unit", PROBE, "--output=cat", "--no-pager")
    line = next((line for line in reversed(said.splitlines()) if line.startswith("{")), None)
    if line is None:
        yield Finding("the probe runs in the sandbox", is_kept=False, seen=said[-500:])
        return
    found = json.loads(line)
    for promise, wanted in WANTED.items():
        seen = {name: found[name] for name in wanted if name in found}
        if seen:
            yield Finding(promise, seen == wanted, ", ".join(f"{name}: {answer}" for name, answer in seen.items()))
    yield Finding("runs as a user of its own", int(found["user"]) >= 61184, f"uid {found['user']}")


def _probing(unit: str, models: list[str]) -> str:
    """The unit with another program, run once; a pseudo terminal stands for the serial line whose driver is missing."""
    command = " ".join(["/opt/lepton-edge/bin/python", "/opt/probe.py", *models])
    for name, value in {"Type": "oneshot", "ExecStart": command, "Restart": "no", "StateDirectory": PROBE}.items():
        unit, count = re.subn(rf"^{name}=.*$", f"{name}={value}", unit, flags=re.MULTILINE)
        if count != 1:
            raise RuntimeError(f"wanted one line {name}= in the unit, found {count}")
    unit = re.sub(r"^(WatchdogSec|ExecReload|RestartPreventExitStatus)=.*\n", "", unit, flags=re.MULTILINE)
    return unit.replace("DevicePolicy=closed", f"DevicePolicy=closed\nDeviceAllow={LINE} rw")
