"""A Debian in a folder with this checkout under /opt/lepton-edge, installed as docs/how-to/run-on-a-board.md
and run-the-manager.md say.

Debian and the wheels of others are fetched once and kept in a cache folder; the project's own wheel is built anew for
each run. The wheels are resolved by the host, so that pip needs no network inside.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.lab.debian import (
    DEBIAN,
    REPOSITORY,
    WHEEL_PYTHON,
    board_requirements,
    debootstrap,
    install_tools,
    lab_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
"""What must be on the PATH, and the Debian package that brings it."""

DEBIAN_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "libnss-systemd", "procps"),
    *("python3", "python3-venv", "ca-certificates"),
)
EXTRAS = ("litert", "camera", "onnx", "serial", "fleet")
UNIT = REPOSITORY / "systemd" / "lepton-edge.service"
_WHEELS = "var/cache/lepton-wheels"
_HOME = "/opt/lepton-edge"


def make_rootfs() -> Path:
    """The file system, the checkout's wheel and unit in it; made where it is not whole."""
    install_tools(TOOLS)
    folder = lab_folder("systemd")
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / "root"
    _make_once(folder / "root.whole", list(DEBIAN_PACKAGES), lambda: _unpack(root, folder))
    wanted = board_requirements(EXTRAS)
    _make_once(folder / "wheels.whole", wanted, lambda: _install_others(root, wanted))
    _install_ours(root)
    _install_unit(root)
    return root


def _make_once(stamp: Path, wanted: list[str], make) -> None:
    told = "\n".join(wanted)
    if not stamp.exists() or stamp.read_text() != told:
        make()
        stamp.write_text(told)


def _unpack(root: Path, folder: Path) -> None:
    print(f"fetching Debian {DEBIAN}", flush=True)
    (folder / "wheels.whole").unlink(missing_ok=True)
    debootstrap(root, DEBIAN_PACKAGES)


def _install_others(root: Path, wanted: list[str]) -> None:
    print("fetching wheels", flush=True)
    _run(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", f"--python-version={WHEEL_PYTHON}",
         "--dest", str(root / _WHEELS), *wanted)  # fmt: skip
    shutil.rmtree(root / _HOME.lstrip("/"), ignore_errors=True)
    _inside(root, "python3", "-m", "venv", _HOME)
    _inside(root, f"{_HOME}/bin/pip", "install", "--quiet", "--no-index", f"--find-links=/{_WHEELS}", *wanted)


def _install_ours(root: Path) -> None:
    wheels = root / _WHEELS
    for earlier in wheels.glob("lepton_edge-*.whl"):
        earlier.unlink()
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(REPOSITORY))
    (wheel,) = wheels.glob("lepton_edge-*.whl")
    asked = f"/{_WHEELS}/{wheel.name}[{','.join(EXTRAS)}]"
    _inside(root, f"{_HOME}/bin/pip", "uninstall", "--quiet", "--yes", "lepton-edge")
    _inside(root, f"{_HOME}/bin/pip", "install", "--quiet", "--no-index", f"--find-links=/{_WHEELS}", asked)


def _install_unit(root: Path) -> None:
    """The lines of the two how-tos."""
    targets = {
        "lepton-edge.service": "systemd/system/lepton-edge.service",
        "lepton-fleet.service": "systemd/system/lepton-fleet.service",
        "lepton-edge.sysusers": "sysusers.d/lepton-edge.conf",
        "60-lepton-edge.rules": "udev/rules.d/60-lepton-edge.rules",
    }
    for name, target in targets.items():
        place = root / "etc" / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "systemd" / name, place)
    _inside(root, "systemd-sysusers")


def _inside(root: Path, *command: str) -> None:
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    _run("env", "-i", path, "chroot", str(root), *command)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"wanted '{' '.join(command[:8])} …' to succeed, found {done.returncode}:\n{done.stderr[-2000:]}")
