"""An arm64 Debian in a folder, with the wheels that a board installs: files only, nothing in it is ever configured.

Debian's packages are fetched by debootstrap and unpacked; the wheels are resolved by the host's pip, which is minutes
faster than an emulated one. Everything is kept in a cache folder and made once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.debian import DEBIAN, WHEEL_PYTHON, board_requirements, debootstrap, install_tools, lab_folder

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = {"debootstrap": "debootstrap", "qemu-aarch64-static": "qemu-user-static", "dpkg-deb": "dpkg"}
"""What must be on the PATH, and the Debian package that brings it."""

DEBIAN_PACKAGES = ("python3", "libgomp1")
BOARD_EXTRAS = ("litert", "onnx", "camera")
"""What a board installs besides the core."""

PLATFORMS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True, slots=True)
class Rootfs:
    """A file system of the other architecture.

    root: what the emulated program sees as `/`, wherever a file is there.
    wheels: a folder of unpacked wheels for PYTHONPATH.
    """

    root: Path
    wheels: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "usr" / "bin" / f"python{WHEEL_PYTHON}"


def cache_folder() -> Path:
    """Where the lab keeps what it made."""
    return lab_folder("arm64")


def make_rootfs(folder: Path) -> Rootfs:
    """The file system in a cache folder; made where it is not whole."""
    install_tools(TOOLS)
    folder.mkdir(parents=True, exist_ok=True)
    made = Rootfs(folder / "root", folder / "wheels")
    if not (folder / "root.whole").exists():
        _unpack(made.root)
        (folder / "root.whole").touch()
    stamp, wanted = folder / "wheels.whole", board_requirements(BOARD_EXTRAS)
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        _fetch_wheels(made.wheels, wanted)
        stamp.write_text("\n".join(wanted))
    return made


def _unpack(root: Path) -> None:
    """Unpack every package: an emulated program needs files, not a system that was configured."""
    print(f"fetching Debian {DEBIAN} for arm64", flush=True)
    debootstrap(root, DEBIAN_PACKAGES, "--arch=arm64", "--foreign")
    for package in sorted((root / "var" / "cache" / "apt" / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)


def _fetch_wheels(folder: Path, wanted: list[str]) -> None:
    print("fetching wheels for aarch64", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    tags = [f"--abi={abi}" for abi in (f"cp{WHEEL_PYTHON.replace('.', '')}", "abi3", "none")]
    platforms = [f"--platform={name}_aarch64" for name in PLATFORMS]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "--only-binary=:all:"]
    command += [f"--python-version={WHEEL_PYTHON}", "--implementation=cp", *tags, *platforms, *wanted]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"wanted wheels for aarch64, found that pip fails:\n{done.stderr[-2000:]}")
