"""A sound card for tests: a PulseAudio server with a sink whose monitor PortAudio takes for a microphone.

Debian: pulseaudio pulseaudio-utils libasound2-plugins libportaudio2.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

DEVICE = "test line"
RATE_HZ = 16_000
READY_S = 10.0


class PulseServer:
    """Starts and stops; between the two, what is played into the sink is heard by `DEVICE`, in real time.

    Args:
        folder: of the test's own; holds socket, home and ALSA's configuration.
        pulseaudio, pacat: the programs.
    """

    def __init__(self, folder: Path, pulseaudio: str, pacat: str) -> None:
        self._folder = folder
        self._pulseaudio = pulseaudio
        self._pacat = pacat
        self._socket = folder / "pulse.sock"
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []
        self.alsa_config = folder / "asoundrc"
        self.alsa_config.write_text(
            f'pcm."{DEVICE}" {{ type pulse server "unix:{self._socket}" device "line.monitor" '
            f'hint {{ show on description "{DEVICE}" }} }}\n'
        )

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._server = subprocess.Popen(
            [
                self._pulseaudio,
                *("-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes", "--log-level=error"),
                f"--load=module-null-sink sink_name=line rate={RATE_HZ} channels=1",
                f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            ],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_s = time.monotonic() + READY_S
        while not self._socket.exists():
            assert time.monotonic() < until_s, "PulseAudio did not start"
            time.sleep(0.05)

    def play(self, samples: npt.NDArray[np.float32]) -> None:
        """Play samples, −1 to 1, from now on; returns at once."""
        content = self._folder / f"played-{len(self._players)}.raw"
        content.write_bytes(samples.astype("<f4").tobytes())
        form = ("--raw", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1")
        player = subprocess.Popen(
            [self._pacat, "--playback", "--device=line", *form, str(content)],
            env=self._environment() | {"PULSE_SERVER": f"unix:{self._socket}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._players.append(player)

    def stop(self) -> None:
        """Pull the plug."""
        for process in [*self._players, *([self._server] if self._server else [])]:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        self._players.clear()
        self._server = None

    def _environment(self) -> dict[str, str]:
        folder = str(self._folder)
        return {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "PULSE_RUNTIME_PATH": folder,
            "PULSE_LATENCY_MSEC": "50",
        }
