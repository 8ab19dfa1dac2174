"""What every lab that needs a Debian of its own shares: tools, mirror, cache folder, and what a board installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]

DEBIAN = "bookworm"
MIRROR = "http://deb.debian.org/debian"
WHEEL_PYTHON = "3.11"
"""Debian bookworm's."""


def lab_folder(name: str) -> Path:
    """A lab's own folder in `LEPTON_LAB`, else in the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lepton-edge" / "lab"
    return Path(os.environ.get("LEPTON_LAB", default)).resolve() / name


def install_tools(tools: Mapping[str, str]) -> None:
    """Install the Debian packages of the tools that are not on the PATH; leaves with a sentence where it may not."""
    missing = sorted({package for tool, package in tools.items() if shutil.which(tool) is None})
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"wanted {', '.join(missing)}, found them missing; apt-get install {' '.join(missing)}")
    print(f"installing {', '.join(missing)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def debootstrap(root: Path, packages: Sequence[str], *options: str) -> None:
    """A Debian in a folder, its packages fetched from the mirror; leaves with a sentence where that fails."""
    if os.geteuid() != 0:
        sys.exit("wanted root to run debootstrap, found another user; run it with sudo")
    shutil.rmtree(root, ignore_errors=True)
    include = f"--include={','.join(packages)}"
    command = ["debootstrap", "--variant=minbase", include, *options, DEBIAN, str(root), MIRROR]
    log = root.with_suffix(".log")
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"wanted a Debian from {MIRROR}, found that debootstrap fails; see {log}")


def board_requirements(extras: Iterable[str]) -> list[str]:
    """What pyproject.toml says that a board with these extras needs."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    known = project["optional-dependencies"]
    return [*project["dependencies"], *chain.from_iterable(known[name] for name in extras)]
