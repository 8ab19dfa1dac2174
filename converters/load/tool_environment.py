"""Environments of their own for tools that are too big to install beside us: made on demand, once, and reused.

TensorFlow weighs five times as much as the whole converter and pins versions of its own, so it lives in a virtual
environment that is only ever called as a subprocess. An environment is made aside and renamed when it is whole: it is
there or not, never half. One that was damaged later is noticed and made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError, LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[str, float], None]

FOLDER_VARIABLE = "LEPTON_TOOLS"
"""Names the folder of all tool environments; else XDG's data folder is used."""

HEADROOM_MB = 700
"""Beside the installed size: the wheels, which pip downloads first."""

CHECK_TIMEOUT_S = 60.0
INSTALL_TIMEOUT_S = 3600.0
SHOWN_LINES = 5
_COLLECTING = 0.9
"""The share of an installation's progress that fetching its packages makes up."""

_CHECK = """
import json, sys
from importlib.metadata import version
from importlib.util import find_spec
wanted, modules = json.loads(sys.argv[1])
sys.exit(any(version(name) != number for name, number in wanted) or any(find_spec(name) is None for name in modules))
"""
_log = logging.getLogger(__name__)


class ToolMissingError(LeptonError, RuntimeError):
    """A tool environment is not there and could not be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ToolEnvironment:
    """What is installed together.

    name: of the tool, for people and for the folder.
    requirements: distribution and exact version.
    modules: what must be importable.
    installed_mb: its size on disk, measured.
    packages: about how many pip installs, for the progress.
    """

    name: str
    requirements: tuple[tuple[str, str], ...]
    modules: tuple[str, ...]
    installed_mb: int
    packages: int

    @property
    def folder_name(self) -> str:
        """Another Python, machine or version is another folder."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        told = json.dumps([self.requirements, python, platform.machine()])
        return f"{self.name}-py{python}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def tensorflow_environment() -> ToolEnvironment:
    """TensorFlow without GPU code, and the Keras 2 that older `.h5` files need.

    2.21.0 has wheels for Python 3.10 to 3.13; on ARM the package without GPU code goes by the plain name. Sizes were
    measured on x86-64, Python 3.11.
    """
    package = "tensorflow-cpu" if platform.machine() in {"x86_64", "AMD64"} else "tensorflow"
    return ToolEnvironment(
        name="tensorflow",
        requirements=((package, "2.21.0"), ("tf_keras", "2.21.0")),
        modules=("tensorflow", "tf_keras", "keras", "h5py"),
        installed_mb=2200,
        packages=38,
    )


def tools_folder() -> Path:
    """Where the environments live: `LEPTON_TOOLS`, else `lepton/tools` in XDG's data folder."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).absolute()
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "lepton" / "tools"


def found_python(tool: ToolEnvironment, root: Path | None = None) -> Path | None:
    """The Python of an environment that is there and whole, else None; nothing is installed."""
    python = (root or tools_folder()) / tool.folder_name / "bin" / "python"
    return python if _is_whole(python, tool) else None


def tool_python(
    tool: ToolEnvironment, progress: Progress = lambda _stage, _done: None, root: Path | None = None
) -> Path:
    """The Python of the environment, which is made first where it is not there or is damaged.

    Args:
        tool: what is wanted.
        progress: told the stage and the fraction of it that is done, while it is made.
        root: the folder of all environments; None for `tools_folder()`.

    Raises:
        BadInputError: the folder cannot be written, or the disk has no room.
        ToolMissingError: it could not be installed, as without a network.
    """
    folder = root or tools_folder()
    if (python := found_python(tool, folder)) is not None:
        return python
    _check_room(tool, folder)
    with _alone(folder):
        if (python := found_python(tool, folder)) is not None:
            return python  # somebody else made it while we waited
        _make(tool, folder, progress)
    return folder / tool.folder_name / "bin" / "python"


def _is_whole(python: Path, tool: ToolEnvironment) -> bool:
    if not python.exists():
        return False
    told = json.dumps([tool.requirements, tool.modules])
    try:
        check = subprocess.run(
            [python, "-I", "-c", _CHECK, told], capture_output=True, timeout=CHECK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return check.returncode == 0


def _check_room(tool: ToolEnvironment, root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        free_mb = shutil.disk_usage(root).free >> 20
    except OSError as error:
        raise BadInputError(
            f"wanted a folder for {tool.name} at {root}, found that it cannot be made ({error.strerror}); set "
            f"{FOLDER_VARIABLE} to one that can"
        ) from error
    wanted_mb = tool.installed_mb + HEADROOM_MB
    if free_mb < wanted_mb:
        raise BadInputError(
            f"wanted {wanted_mb:,} MB of disk for {tool.name} in {root}, found {free_mb:,} MB free; make room, or set "
            f"{FOLDER_VARIABLE} to a folder on another disk"
        )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Two conversions at once make one environment, the second after waiting."""
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(tool: ToolEnvironment, root: Path, progress: Progress) -> None:
    target = root / tool.folder_name
    what = " and ".join(f"{name} {version}" for name, version in tool.requirements)
    again = "again, for it was damaged" if target.exists() else "once"
    _log.warning("installing %s (about %s MB) into %s, %s", what, f"{tool.installed_mb:,}", target, again)
    aside = Path(mkdtemp(prefix=f".{tool.folder_name}-", dir=root))
    try:
        _run([sys.executable, "-m", "venv", str(aside / "venv")], tool, lambda _line: None)
        _install(aside / "venv" / "bin" / "python", tool, progress)
        if not _is_whole(aside / "venv" / "bin" / "python", tool):
            raise ToolMissingError(f"wanted {what}, found that it does not import after it was installed; report it")
        if target.exists():
            target.rename(aside / "damaged")
        (aside / "venv").rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _install(python: Path, tool: ToolEnvironment, progress: Progress) -> None:
    seen = 0

    def told(line: str) -> None:
        nonlocal seen
        seen += line.startswith(("Collecting ", "Processing "))
        done = (
            1.0 if line.startswith("Successfully installed") else min(_COLLECTING * seen / tool.packages, _COLLECTING)
        )
        progress(f"install {tool.name}", done)

    wanted = [f"{name}=={version}" for name, version in tool.requirements]
    options = ["--no-input", "--disable-pip-version-check", "--only-binary", ":all:", "--progress-bar", "off"]
    _run([str(python), "-m", "pip", "install", *options, *wanted], tool, told)


def _run(command: list[str], tool: ToolEnvironment, told: Callable[[str], None]) -> None:
    last: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        for line in child.stdout or ():
            told(line)
            last = [*last, line.strip()][-SHOWN_LINES:]
        code = child.wait(INSTALL_TIMEOUT_S)
    if code:
        raise ToolMissingError(
            f"wanted {tool.name} in an environment of its own, found that it cannot be installed:\n  "
            + "\n  ".join(last)
            + "\nIt needs the package index once. Without a network: export the model to TFLite or ONNX where "
            f"TensorFlow is installed, or bring the folder {tool.folder_name} from a like machine and set "
            f"{FOLDER_VARIABLE} to where it lies. On Debian 'python3-venv' must be installed"
        )
