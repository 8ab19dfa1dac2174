"""A process that can be killed and started again at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and what it is told on stdin; one that is told something ends when its stdin is closed."""

    words: tuple[str, ...]
    told: str = ""


class Killable:
    """A command; what it says is in `<name>.log`. is_wanted: whether it should be running."""

    def __init__(self, name: str, command: Command, folder: Path) -> None:
        self.name, self._command, self._log = name, command, folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.is_wanted = False

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.is_up:
            return
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
        stdin = subprocess.PIPE if self._command.told else subprocess.DEVNULL
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command.words, stdin=stdin, stdout=log, stderr=log, cwd=REPOSITORY, env=env
            )
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it is seen to have ended soon enough
                self._process.stdin.write(self._command.told.encode())
                self._process.stdin.flush()
        self.is_wanted = True

    def kill(self) -> None:
        """SIGKILL, in whatever it is doing."""
        self.is_wanted = False
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._close_stdin()

    def stop(self) -> int:
        """End it cleanly; its exit code."""
        assert self._process is not None
        self.is_wanted = False
        if self._command.told:
            self._close_stdin()
        else:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def log(self) -> str:
        """The end of what it said."""
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""

    def _close_stdin(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
