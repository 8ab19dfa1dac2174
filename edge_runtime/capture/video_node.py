"""Which /dev/videoN is the camera that was meant: told by what the kernel knows of it, not by its number.

The kernel numbers cameras in the order in which it meets them, so after a replug or a reboot another one may have the
old number. Its USB port and its serial number stay. Both stand in sysfs, beside each video node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_runtime.capture.source import SourceLost

SYSFS: Final = Path("/sys")
DEV: Final = Path("/dev")
_NODE = re.compile(r"video(\d+)")
_SHOWN_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class VideoNode:
    """One /dev/videoN as the kernel describes it.

    path: of the device node.
    card: the driver's name for the camera.
    index: counts the nodes of one camera from 0; a USB camera's second one carries no pictures but metadata.
    usb_path: the port, as `1-1.2` (bus, and the ports from there on); empty when it is not on USB.
    model: vendor and product, as `046d:0825`; empty when it is not on USB.
    serial: the camera's own serial number; many have none, or all the same.
    """

    path: Path
    card: str
    index: int
    usb_path: str = ""
    model: str = ""
    serial: str = ""

    def __str__(self) -> str:
        """As a person finds it: the number, the name, and what to write as `camera`."""
        usb = f", {self.model}, usb:{self.usb_path}" if self.usb_path else ""
        serial = f", serial:{self.serial}" if self.serial else ""
        return f"{self.path} ({self.card}{usb}{serial})"


def video_nodes(sysfs: Path = SYSFS, dev: Path = DEV) -> list[VideoNode]:
    """Every video node that this machine has, by number."""
    try:
        entries = list((sysfs / "class" / "video4linux").iterdir())
    except OSError:
        return []
    numbered = sorted((int(match[1]), entry) for entry in entries if (match := _NODE.fullmatch(entry.name)))
    return [_described(entry, dev) for _, entry in numbered]


def find_camera(camera: str, node: int, nodes: list[VideoNode]) -> VideoNode:
    """The node of the camera that a configuration names.

    Args:
        camera: `usb:PORT`, `serial:NUMBER`, a link that names a video node, or the node's own path.
        node: which of the camera's nodes; a path already is one.
        nodes: what there is.

    Raises:
        SourceLost: it is not there, or more than one is; the message lists what is.
    """
    kind, _, name = camera.partition(":")
    if camera.startswith("/"):
        path = Path(camera).resolve()
        found = [each for each in nodes if each.path.resolve() == path]
    elif kind == "usb":
        found = [each for each in nodes if each.usb_path == name and each.index == node]
    else:
        found = [each for each in nodes if each.serial == name and each.index == node]
    if len(found) == 1:
        return found[0]
    if found:
        raise SourceLost(
            f"wanted one camera {camera}, found {_listed(found)}; check which one is meant, and name its port (usb:…)"
        )
    raise SourceLost(f"wanted the camera {camera}, found {_listed(nodes)}; check its cable, power and `camera`")


def _listed(nodes: list[VideoNode]) -> str:
    more = f" and {len(nodes) - _SHOWN_MAX} more" if len(nodes) > _SHOWN_MAX else ""
    return ("; ".join(map(str, nodes[:_SHOWN_MAX])) or "no camera at all") + more


def _described(entry: Path, dev: Path) -> VideoNode:
    usb = _usb_device(entry)
    index = _text(entry / "index")
    return VideoNode(
        path=dev / entry.name,
        card=_text(entry / "name") or "a camera without a name",
        index=int(index) if index.isdigit() else 0,
        usb_path=usb.name if usb else "",
        model=f"{_text(usb / 'idVendor')}:{_text(usb / 'idProduct')}" if usb else "",
        serial=_text(usb / "serial") if usb else "",
    )


def _usb_device(entry: Path) -> Path | None:
    """The USB device that a node belongs to, which may be several steps above it."""
    device = (entry / "device").resolve()
    return next((each for each in (device, *device.parents) if (each / "idVendor").is_file()), None)


def _text(path: Path) -> str:
    """One attribute; empty where there is none, or where the camera has gone meanwhile."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
