"""The board's install, for real: the wheel with `[litert,camera]` and nothing else in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXTRAS = "litert,camera"


@dataclass(frozen=True, slots=True)
class BoardInstall:
    """An environment as a board has it.

    distributions: name to version; pip, which came from outside, is none of them.
    bytes: on disk, the interpreter's own files not counted.
    """

    python: Path
    distributions: dict[str, str]
    bytes: int

    @property
    def lepton(self) -> Path:
        """The program."""
        return self.python.with_name("lepton")


def make_board_install(folder: Path, extras: str = EXTRAS) -> BoardInstall:
    """Build the wheel and install it, with its extras, into a fresh virtual environment below `folder`."""
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(REPOSITORY))
    (wheel,) = folder.glob("lepton_edge-*.whl")
    environment = folder / "board"
    venv.create(environment)
    python = environment / "bin" / "python"
    pip_there = (sys.executable, "-m", "pip", "--python", str(python))
    _run(*pip_there, "install", "--quiet", f"{wheel}[{extras}]")
    listed = json.loads(_run(*pip_there, "list", "--format", "json"))
    return BoardInstall(python, {row["name"]: row["version"] for row in listed}, _bytes_below(environment))


def _bytes_below(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
