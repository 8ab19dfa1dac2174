"""An arm64 Debian in a folder, with the wheels that a board installs: files only, nothing in it is ever configured.

Debian's packages are fetched by debootstrap and unpacked; the wheels are resolved by the host's pip, which is minutes
faster than an emulated one. Everything is kept in a cache folder and made once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[3]

DEBIAN = "bookworm"
MIRROR = "http://deb.debian.org/debian"
TOOLS = {"debootstrap": "debootstrap", "qemu-aarch64-static": "qemu-user-static", "dpkg-deb": "dpkg"}
"""What must be on the PATH, and the Debian package that brings it."""

DEBIAN_PACKAGES = ("python3", "libgomp1")
BOARD_EXTRAS = ("litert", "onnx", "camera")
"""What a board installs besides the core."""

WHEEL_PYTHON = "3.11"
"""Debian bookworm's."""

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
    """`LEPTON_LAB`, else a folder in the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lepton-edge" / "lab"
    return Path(os.environ.get("LEPTON_LAB", default)).resolve() / "arm64"


def make_rootfs(folder: Path) -> Rootfs:
    """The file system in a cache folder; made where it is not whole."""
    _install_tools()
    folder.mkdir(parents=True, exist_ok=True)
    made = Rootfs(folder / "root", folder / "wheels")
    if not (folder / "root.whole").exists():
        _unpack(made.root)
        (folder / "root.whole").touch()
    stamp, wanted = folder / "wheels.whole", board_requirements()
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        _fetch_wheels(made.wheels, wanted)
        stamp.write_text("\n".join(wanted))
    return made


def board_requirements() -> list[str]:
    """What pyproject.toml says that a board needs."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = (project["optional-dependencies"][name] for name in BOARD_EXTRAS)
    return [*project["dependencies"], *chain.from_iterable(extras)]


def _install_tools() -> None:
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"wanted {', '.join(missing)}, found them missing; apt-get install {' '.join(missing)}")
    print(f"installing {', '.join(missing)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def _unpack(root: Path) -> None:
    """Unpack every package: an emulated program needs files, not a system that was configured."""
    if os.geteuid() != 0:
        sys.exit("wanted root to run debootstrap, found another user; run it with sudo")
    print(f"fetching Debian {DEBIAN} for arm64", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    include = f"--include={','.join(DEBIAN_PACKAGES)}"
    command = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", include, DEBIAN, str(root), MIRROR]
    log = root.with_suffix(".log")
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"wanted a Debian for arm64 from {MIRROR}, found that debootstrap fails; see {log}")
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
