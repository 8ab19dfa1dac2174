"""Network namespaces with a link each, so that the link between some stations and the broker can be cut.

Needs root and iproute2; what the stations see is what a pulled cable gives: no reset, no answer, silence.
"""

from __future__ import annotations

import os
import shutil
import subprocess


def missing() -> str | None:
    """Why no link can be cut here, or None."""
    if os.geteuid() != 0:
        return "link cuts need root"
    absent = next((tool for tool in ("ip", "nsenter") if shutil.which(tool) is None), None)
    if absent is not None:
        return f"link cuts need {absent}"
    probe = f"lc{os.getpid()}p"
    if subprocess.run(["ip", "netns", "add", probe], check=False, capture_output=True).returncode:
        return "link cuts need network namespaces, which this machine does not give"
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return None


class Halls:
    """So many namespaces; without any, stations are on the loopback and no link is cut."""

    def __init__(self, count: int) -> None:
        self._names = [f"lc{os.getpid()}h{number}" for number in range(count)]
        self._net = f"10.{64 + os.getpid() % 128}"

    def __enter__(self) -> Halls:  # noqa: PYI034 - Self is not in Python 3.10
        for number, name in enumerate(self._names):
            outside, inside = _ends(name)
            _ip("netns", "add", name)
            _ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            _ip("link", "set", inside, "netns", name)
            _ip("addr", "add", f"{self._net}.{number}.1/24", "dev", outside)
            _ip("link", "set", outside, "up")
            _ip("-n", name, "addr", "add", f"{self._net}.{number}.2/24", "dev", inside)
            _ip("-n", name, "link", "set", inside, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
            subprocess.run(["ip", "link", "del", _ends(name)[0]], check=False, capture_output=True)

    def __len__(self) -> int:
        return len(self._names)

    def of(self, station: int) -> int:
        """The hall in which a station stands."""
        return station % len(self._names)

    def host_for(self, station: int) -> str:
        """The broker's address as this station sees it."""
        return f"{self._net}.{self.of(station)}.1" if self._names else "127.0.0.1"

    def entering(self, station: int) -> list[str]:
        """What a command of this station begins with; it becomes the command, under one process id."""
        return ["nsenter", f"--net=/var/run/netns/{self._names[self.of(station)]}"] if self._names else []

    def cut(self, hall: int) -> None:
        _ip("link", "set", _ends(self._names[hall])[0], "down")

    def mend(self, hall: int) -> None:
        _ip("link", "set", _ends(self._names[hall])[0], "up")


def _ends(name: str) -> tuple[str, str]:
    return f"{name}o", f"{name}i"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
