"""The suite's hand on the camera's process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.system.faults.surroundings import REPOSITORY, environment

PATIENCE_S = 20.0
SCRIPT = Path(__file__).with_name("camera_process.py")


class Camera:
    """An MJPEG camera that can be told, stopped, killed, and plugged in again at the same address."""

    def __init__(self, pictures: Path) -> None:
        self.port = 0
        self._pictures = pictures
        self._hole: socket.socket | None = None
        self._process: subprocess.Popen[str] | None = None
        self.plug_in()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def plug_in(self, mode: str = "normal") -> None:
        """Start it; it is there when this comes back."""
        command = [sys.executable, str(SCRIPT), str(self._pictures), str(self.port), mode]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=REPOSITORY
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().split()
        assert said[:1] == ["ready"], f"the camera did not start: {said}"
        self.port = int(said[1])

    def show(self, mode: str) -> None:
        """Change what it sends from the next picture on."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{mode}\n")
        self._process.stdin.flush()

    def stall(self) -> None:
        """It sends nothing more and keeps its connections."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After a stall."""
        self._signal(signal.SIGCONT)

    def unplug(self) -> None:
        """Kill it; its address refuses."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with process:
            process.wait(PATIENCE_S)

    def open_black_hole(self) -> None:
        """In place of the camera: connections are accepted by the kernel, nobody ever answers."""
        self.unplug()
        self._hole = socket.create_server(("127.0.0.1", self.port), backlog=64)

    def close_black_hole(self) -> None:
        """The camera is there again."""
        if self._hole is not None:
            self._hole.close()
            self._hole = None

    def close(self) -> None:
        """Away with everything."""
        self.close_black_hole()
        self.unplug()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
