"""One virtual environment per contender, made once below the cache folder.

The bench is as honest as its environments: each holds what that tool's own documentation has one install, and its size
on disk is a column of the table.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.packages import PACKAGES

REPOSITORY = Path(__file__).resolve().parents[3]

REQUIREMENTS = {
    "lepton": ("--editable", f"{REPOSITORY}[convert]"),
    "tensorflow": ("tensorflow-cpu",),
    "ai-edge": ("ai-edge-quantizer",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "torch": ("torch==2.13.0", "numpy", "onnx"),
}
"""What pip is told. `torch` only builds and trains networks; it is no contender."""

NOT_COUNTED = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


@dataclass(frozen=True, slots=True)
class Environment:
    """One contender's Python.

    megabytes: what the install takes on disk, without pip and setuptools.
    versions: distribution to version.
    """

    name: str
    python: Path
    megabytes: float
    versions: dict[str, str]


def make_environment(cache: Path, name: str) -> Environment:
    """The environment of that name, made if there is none.

    Raises:
        RuntimeError: pip could not install it, with its last words.
    """
    folder = cache / "environments" / name
    python, ready = folder / "bin" / "python", folder / "ready.json"
    if not ready.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"making the environment of {name} in {folder}", file=sys.stderr)
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[name])
        listed = json.loads(_run(str(python), "-m", "pip", "list", "--format", "json"))
        versions = {row["name"]: row["version"] for row in listed if row["name"] not in NOT_COUNTED}
        ready.write_text(json.dumps({"versions": versions}), "utf-8")
    if name == "lepton":
        # As pip does with what it installs, and as the peers' packages are.
        _run(str(python), "-m", "compileall", "-q", *(str(REPOSITORY / package) for package in PACKAGES))
    own = sum(bytes_below(REPOSITORY / package) for package in PACKAGES) / 1e6 if name == "lepton" else 0.0
    versions = json.loads(ready.read_text("utf-8"))["versions"]
    return Environment(name, python, _installed(folder) / 1e6 + own, versions)


def bytes_below(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _installed(folder: Path) -> int:
    (packages,) = folder.glob("lib/python*/site-packages")
    own = [path for path in packages.iterdir() if path.is_dir() and path.name.split("-")[0] in NOT_COUNTED]
    return bytes_below(folder) - sum(bytes_below(path) for path in own)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:5])} … ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
